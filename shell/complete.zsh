#compdef cudaenv
# Completion of cudaenv for zsh: asks the program, so it never names what this version does not have.
function __cudaenv_complete {
  local line word
  local -a described
  command "${__cudaenv_program:-cudaenv}" __complete $(( CURRENT - 1 )) "${words[@]}" 2>/dev/null | while IFS= read -r line; do
    word=${line%%$'\t'*}
    described+=("${word//:/\\:}:${line#*$'\t'}")
  done
  if (( $#described )); then
    _describe -t cudaenv cudaenv described
  else
    _files
  fi
}
if (( $+functions[compdef] )); then
  compdef __cudaenv_complete cudaenv
fi
