# The prompt hook of cudaenv for fish 3.4 and later. Source this file: that starts no process, and
# neither does a prompt while the nearest .cudaenv, $CUDAENV_TOOLKIT and the default say what they said
# before. Nothing that a project contains is ever evaluated: its file is read to be compared, and what
# is evaluated was printed by cudaenv, every value quoted.

if string match -q -- '*/share/cudaenv/shell/hook.fish' (status filename)
    set -g __cudaenv_program (string replace -- /share/cudaenv/shell/hook.fish /bin/cudaenv (status filename))
    string match -q -- '/*' $__cudaenv_program; or set -g __cudaenv_program $PWD/$__cudaenv_program
end
if not set -q __cudaenv_program; or not test -x "$__cudaenv_program"
    set -g __cudaenv_program cudaenv
end

# A key that no look can give: the next prompt asks.
set -g __cudaenv_key \n'?'
set -g __cudaenv_seen ''

# __cudaenv_seen: everything that decides which toolkit is active, as one text.
function __cudaenv_look
    set -g __cudaenv_seen "$CUDAENV_TOOLKIT"
    # Names may hold newlines, at which a command substitution would split: read does not.
    printf '%s' "$PWD" | read --null --local --list --delimiter / parts
    set -l folders ''
    set -l folder ''
    for part in $parts[2..-1]
        test -n "$part"; or continue
        set folder "$folder/$part"
        set --prepend folders $folder
    end
    set -l text
    for folder in $folders
        set -l file $folder/.cudaenv
        if test -e $file
            set text
            # Only a regular file is opened, and no more than what a .cudaenv may hold is read.
            if test -f $file; and test -r $file
                read --null --nchars 65537 text <$file
            end
            set -g __cudaenv_seen $__cudaenv_seen\n$file\n"$text"
            # cudaenv may pass over a file of another owner, so what is above it counts too.
            test -O $file; and return 0
        end
        test "$folder" = "$HOME"; and break
    end
    set -l file $HOME/.local/share/cudaenv/default
    set -q XDG_DATA_HOME[1]; and set file $XDG_DATA_HOME/cudaenv/default
    set -q CUDAENV_ROOT[1]; and set file $CUDAENV_ROOT/default
    if test -f $file; and test -r $file
        set text
        read --null --nchars 4097 text <$file
        set -g __cudaenv_seen $__cudaenv_seen\n"$text"
    end
    return 0
end

# Evaluates what begins with cudaenv's mark, prints anything else (--help).
function __cudaenv_take
    if string match -q -- '# cudaenv:1*' "$argv[1]"
        eval $argv[1]
    else if test -n "$argv[1]"
        printf '%s\n' "$argv[1]"
    end
    return 0
end

function __cudaenv_prompt --on-event fish_prompt --on-variable PWD
    set -l before $status
    __cudaenv_look
    if test "$__cudaenv_seen" != "$__cudaenv_key"
        set -g __cudaenv_key "$__cudaenv_seen"
        # Nobody chooses and nothing is to be taken back: no need to ask.
        if test -n "$__cudaenv_seen"; or test -n "$CUDAENV_STATE"
            __cudaenv_take (command $__cudaenv_program env --hook fish | string collect)
        end
    end
    return $before
end

function cudaenv
    set -l result 0
    switch "$argv[1]"
        case use shell
            set -l script (command $__cudaenv_program use --hook fish $argv[2..-1] | string collect; set result $pipestatus[1])
            __cudaenv_take "$script"
            if test $result -eq 0
                __cudaenv_look
                set -g __cudaenv_key "$__cudaenv_seen"
            end
        case '*'
            command $__cudaenv_program $argv
            set result $status
            switch "$argv[1]"
                case install uninstall link unlink sync prune
                    set -g __cudaenv_key \n'?'
            end
    end
    return $result
end
