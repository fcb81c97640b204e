# Completion of cudaenv for fish: asks the program, so it never names what this version does not have.
function __cudaenv_complete
    set -l words (commandline -opc)
    set -l program cudaenv
    set -q __cudaenv_program; and set program $__cudaenv_program
    command $program __complete (count $words) $words (commandline -ct) 2>/dev/null
end
complete -c cudaenv -f -a '(__cudaenv_complete)'
complete -c cudaenv -n 'contains -- run (commandline -opc); or contains -- exec (commandline -opc)' -F
