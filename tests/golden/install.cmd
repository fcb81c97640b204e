# downloads end in any order
cudaenv install 13.0.2 --no-verify 2>&1 | sort
