#include "cli/command.hpp"

extern char** environ;

int main(int argc, char** argv) { return cudaenv::cli::main_cli(argc, argv, environ); }
