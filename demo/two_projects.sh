# shellcheck shell=sh
# The main job, run by ./bootstrap: two real toolkits, two projects, one nvcc. `run` prints a command and runs it.

# Without a hook, as scripts and editors do it.
PATH=${CUDAENV_ROOT:-${XDG_DATA_HOME:-$HOME/.local/share}/cudaenv}/shims:$PATH
export PATH

run cudaenv install 13.0.2 13.5.0 --profile compile
run cudaenv list

top=$PWD
for project in a:13.0.2 b:13.5.0; do
  folder=$top/build/demo/${project%%:*}
  run mkdir -p "$folder"
  run cd "$folder" || exit
  run cp "$top/demo/vecadd.cu" .
  run cudaenv local "${project#*:}"
  run cudaenv current
  run cudaenv which nvcc
  run nvcc --version
  run nvcc -o vecadd vecadd.cu
  run ./vecadd
done
run cd "$top" || exit

status=0
run cudaenv verify 13.0.2 13.5.0 || status=$?

cat <<TEXT

Next steps
  these lines in ~/.bashrc, and \`nvcc\` is the one that each project's .cudaenv names:
    export PATH="${prefix:?}/bin:\$PATH"
    source "$prefix/share/cudaenv/shell/hook.bash"
  then: cd build/demo/a && nvcc --version
  every test: ./bootstrap test
TEXT
# 8: the driver here refuses one of them. That is a verdict, not a failure of this script.
[ "$status" = 0 ] || [ "$status" = 8 ]
