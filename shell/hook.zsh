# The prompt hook of cudaenv for zsh 5.3 and later. Source this file: that starts no process, and
# neither does a prompt while the nearest .cudaenv, $CUDAENV_TOOLKIT and the default say what they said
# before. Nothing that a project contains is ever evaluated: its file is read to be compared, and what
# is evaluated was printed by cudaenv, every value quoted.

case ${(%):-%x} in
  (*/share/cudaenv/shell/hook.zsh) __cudaenv_program=${${(%):-%x}:a:h:h:h:h}/bin/cudaenv ;;
esac
[[ -x ${__cudaenv_program-} ]] || __cudaenv_program=cudaenv
zmodload zsh/system 2>/dev/null || :

# A key that no look can give: the next prompt asks.
typeset -g __cudaenv_key=$'\n?' __cudaenv_seen=

# __cudaenv_text: at most $2 bytes of the regular file $1. A big buffer costs more than the read, so a small one is tried first.
if (( $+builtins[sysread] )); then
  function __cudaenv_read {
    __cudaenv_text=
    sysread -s 2048 __cudaenv_text <$1 || :
    if (( $#__cudaenv_text > 500 )); then sysread -s $2 __cudaenv_text <$1 || : ; fi
  }
else
  function __cudaenv_read { __cudaenv_text=$(<$1) }
fi

# __cudaenv_files: the places of a .cudaenv from here to home or /, nearest first.
typeset -ga __cudaenv_files=()
typeset -g __cudaenv_from=
function __cudaenv_list {
  local folder=${PWD%/} home=${${HOME-}%/}
  __cudaenv_from=$PWD:${HOME-}
  __cudaenv_files=()
  while
    __cudaenv_files+=($folder/.cudaenv)
    [[ -n $folder && $folder != "$home" ]]
  do folder=${folder%/*}; done
}

# __cudaenv_seen: everything that decides which toolkit is active, as one text. Its callers emulate zsh.
function __cudaenv_look {
  local file __cudaenv_text
  __cudaenv_seen=${CUDAENV_TOOLKIT-}
  if [[ $__cudaenv_from != "$PWD:${HOME-}" ]]; then __cudaenv_list; fi
  for file in $__cudaenv_files; do
    [[ -e $file ]] || continue
    __cudaenv_text=
    # Only a regular file is opened, and no more than what a .cudaenv may hold is read.
    if [[ -f $file && -r $file ]]; then __cudaenv_read $file 65537; fi
    __cudaenv_seen+=$'\n'$file$'\n'$__cudaenv_text
    # cudaenv may pass over a file of another owner, so what is above it counts too.
    if [[ -O $file ]]; then return 0; fi
  done
  file=${CUDAENV_ROOT:-${XDG_DATA_HOME:-${HOME-}/.local/share}/cudaenv}/default
  if [[ -f $file && -r $file ]]; then
    __cudaenv_read $file 4097
    __cudaenv_seen+=$'\n'$__cudaenv_text
  fi
  return 0
}

# Evaluates what begins with cudaenv's mark, prints anything else (--help).
function __cudaenv_take {
  case $1 in
    ('# cudaenv:1'*) builtin eval "$1" || : ;;
    (?*) builtin print -r -- "$1" ;;
  esac
  return 0
}

function __cudaenv_prompt {
  local -i __cudaenv_status=$?
  emulate -L zsh
  __cudaenv_look
  if [[ $__cudaenv_seen != "$__cudaenv_key" ]]; then
    __cudaenv_key=$__cudaenv_seen
    # Nobody chooses and nothing is to be taken back: no need to ask.
    if [[ -n $__cudaenv_seen || -n ${CUDAENV_STATE-} ]]; then
      __cudaenv_take "$(command $__cudaenv_program env --hook zsh)"
    fi
  fi
  if [[ -o err_exit || -o err_return ]]; then return 0; fi
  return $__cudaenv_status
}

function cudaenv {
  emulate -L zsh
  local -i __cudaenv_status=0
  local __cudaenv_script
  case ${1-} in
    (use|shell)
      __cudaenv_script=$(command $__cudaenv_program use --hook zsh "${@[2,-1]}") || __cudaenv_status=$?
      __cudaenv_take "$__cudaenv_script"
      if (( __cudaenv_status == 0 )); then
        __cudaenv_look
        __cudaenv_key=$__cudaenv_seen
      fi
      ;;
    (*)
      command $__cudaenv_program "$@" || __cudaenv_status=$?
      case ${1-} in
        (install|uninstall|link|unlink|sync|prune) __cudaenv_key=$'\n?' ;;
      esac
      ;;
  esac
  return $__cudaenv_status
}

autoload -Uz add-zsh-hook
add-zsh-hook precmd __cudaenv_prompt
add-zsh-hook chpwd __cudaenv_prompt
