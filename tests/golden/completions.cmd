for s in bash zsh fish; do cudaenv completions $s | wc -c | sed "s/[1-9][0-9]*/some/"; done
