// What it takes to become another program, made ready before a fork. For sys/process.cpp and sys/program.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace cudaenv {

/// What execve wants, made before fork: the child may only do what is safe after it.
struct Prepared {
  std::string path;
  std::vector<std::string> variables;
  std::vector<char*> argv, envp;

  Prepared(std::string program, const std::string& shown, const std::vector<std::string>& arguments,
           const std::map<std::string, std::string, std::less<>>& environment)
      : path(std::move(program)), name_(shown), arguments_(arguments) {
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    argv.push_back(name_.data());
    for (auto& argument : arguments_) argv.push_back(argument.data());
    argv.push_back(nullptr);
    for (auto& variable : variables) envp.push_back(variable.data());
    envp.push_back(nullptr);
  }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

 private:
  std::string name_;
  std::vector<std::string> arguments_;
};

/// "cannot run `…`" for an errno of execve: Code::not_found where there is no such program, else Code::io.
[[nodiscard]] Error cannot_run(const std::string& program, int number);
/// The path of `program`: itself where it has a slash, else looked up in PATH of `environment`. Code::not_found.
[[nodiscard]] Result<std::string> resolve_program(const std::string& program,
                                                  const std::map<std::string, std::string, std::less<>>& environment);
/// A program starts with the signals as a shell would start it, whatever the manager did to its own.
void restore_signals();

}  // namespace cudaenv
