# state: empty
# status: 7
printf '#!/bin/sh\n' > tool && cudaenv ldd tool
