# The prompt hook of cudaenv for bash 4.4 and later. Source this file: that starts no process, and
# neither does a prompt while the nearest .cudaenv, $CUDAENV_TOOLKIT and the default say what they said
# before. Nothing that a project contains is ever evaluated: its file is read to be compared, and what
# is evaluated was printed by cudaenv, every value quoted.
# It behaves under set -e, set -u, set -o posix and any IFS, and keeps $? for what comes after it.
# shellcheck shell=bash

case ${BASH_SOURCE[0]-} in
  /*/share/cudaenv/shell/hook.bash) __cudaenv_program=${BASH_SOURCE[0]%/share/cudaenv/shell/hook.bash}/bin/cudaenv ;;
  */share/cudaenv/shell/hook.bash) __cudaenv_program=$PWD/${BASH_SOURCE[0]%/share/cudaenv/shell/hook.bash}/bin/cudaenv ;;
esac
if [[ ! -x ${__cudaenv_program-} ]]; then __cudaenv_program=cudaenv; fi

# A key that no look can give: the next prompt asks.
__cudaenv_key=$'\n?'
__cudaenv_seen=

# __cudaenv_seen: everything that decides which toolkit is active, as one text.
function __cudaenv_look {
  local folder=${PWD-} home=${HOME-} file text
  if [[ $folder != /* ]]; then folder=; fi
  folder=${folder%/}
  home=${home%/}
  __cudaenv_seen=${CUDAENV_TOOLKIT-}
  while
    file=$folder/.cudaenv
    if [[ -e $file ]]; then
      text=
      # Only a regular file is opened, and no more than what a .cudaenv may hold is read.
      if [[ -f $file && -r $file ]]; then IFS='' builtin read -r -N 65537 text <"$file" || :; fi
      __cudaenv_seen+=$'\n'$file$'\n'$text
      # cudaenv may pass over a file of another owner, so what is above it counts too.
      if [[ -O $file ]]; then return 0; fi
    fi
    [[ -n $folder && $folder != "$home" ]]
  do folder=${folder%/*}; done
  file=${CUDAENV_ROOT:-${XDG_DATA_HOME:-$home/.local/share}/cudaenv}/default
  if [[ -f $file && -r $file ]]; then
    text=
    IFS='' builtin read -r -N 4097 text <"$file" || :
    __cudaenv_seen+=$'\n'$text
  fi
}

# Evaluates what begins with cudaenv's mark, prints anything else (--help).
function __cudaenv_take {
  case $1 in
    "# cudaenv:1"*) builtin eval "$1" || : ;;
    ?*) builtin printf '%s\n' "$1" ;;
  esac
}

function __cudaenv_prompt {
  local __cudaenv_status=$?
  __cudaenv_look
  if [ "$__cudaenv_seen" != "$__cudaenv_key" ]; then
    __cudaenv_key=$__cudaenv_seen
    # Nobody chooses and nothing is to be taken back: no need to ask.
    if [ -n "$__cudaenv_seen" ] || [ -n "${CUDAENV_STATE-}" ]; then
      __cudaenv_take "$(command "$__cudaenv_program" env --hook bash)"
    fi
  fi
  case $- in
    *e*) return 0 ;; # a non-zero status here would end a shell that runs under set -e
  esac
  return "$__cudaenv_status"
}

function cudaenv {
  local __cudaenv_status=0 __cudaenv_script
  case ${1-} in
    use | shell)
      __cudaenv_script=$(command "$__cudaenv_program" use --hook bash "${@:2}") || __cudaenv_status=$?
      __cudaenv_take "$__cudaenv_script"
      if [ "$__cudaenv_status" -eq 0 ]; then
        __cudaenv_look
        __cudaenv_key=$__cudaenv_seen
      fi
      ;;
    *)
      command "$__cudaenv_program" "$@" || __cudaenv_status=$?
      case ${1-} in
        install | uninstall | link | unlink | sync | prune) __cudaenv_key=$'\n?' ;;
      esac
      ;;
  esac
  return "$__cudaenv_status"
}

# Last in PROMPT_COMMAND, so that what is there sees $? and PIPESTATUS as they were.
function __cudaenv_install {
  local entry
  for entry in "${PROMPT_COMMAND[@]-}"; do
    if [[ $entry == *__cudaenv_prompt* ]]; then return 0; fi
  done
  if [[ -n ${PROMPT_COMMAND[1]+there} ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    PROMPT_COMMAND+=(__cudaenv_prompt)
  elif [[ -n ${PROMPT_COMMAND-} ]]; then
    PROMPT_COMMAND=$PROMPT_COMMAND$'\n'__cudaenv_prompt
  else
    PROMPT_COMMAND=__cudaenv_prompt
  fi
}
__cudaenv_install
unset -f __cudaenv_install
