# state: two
for f in sh fish json dotenv; do echo "== $f"; cudaenv env 13.0.2 --format $f; done
