# Completion of cudaenv for bash: asks the program, so it never names what this version does not have.
# shellcheck shell=bash
function __cudaenv_complete {
  local line
  COMPREPLY=()
  while IFS='' builtin read -r line; do
    COMPREPLY+=("${line%%$'\t'*}")
  done < <(command "${__cudaenv_program:-cudaenv}" __complete "$COMP_CWORD" "${COMP_WORDS[@]}" 2>/dev/null)
}
complete -o default -F __cudaenv_complete cudaenv
