# state: two
mkdir nested; printf "toolkit = 13.0\n" > nested/.cudaenv; cd nested; cudaenv current; echo "status $?"; rm .cudaenv; cd ..; rmdir nested
