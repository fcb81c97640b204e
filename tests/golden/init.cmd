cudaenv init bash --path
cudaenv init zsh --path
cudaenv init fish --path
