// Every cause says what it means here and how to get out of it, by commands that exist.
#include "verify/causes.hpp"

#include <set>

#include "base/text.hpp"
#include "cli/command.hpp"
#include "sys/fs.hpp"
#include "unit/catch.hpp"
#include "verify/libcuda_origin.hpp"

using namespace cudaenv;

namespace {

const verify::CauseFacts facts{"13.0.2", "13.0", "580.159.04", "/usr/local/cuda/compat/libcuda.so.580.95.05",
                               "cuInit answers 7", "LD_LIBRARY_PATH names /usr/local/cuda/compat", "unset LD_LIBRARY_PATH"};

/// What stands between backticks.
std::vector<std::string> commands_in(const std::string& text) {
  std::vector<std::string> found;
  const auto parts = split(text, '`');
  CHECK(parts.size() % 2 == 1);  // every backtick has its partner
  for (std::size_t i = 1; i < parts.size(); i += 2) found.emplace_back(parts[i]);
  return found;
}

/// The first word that is no assignment, of each part of a pipe or list.
std::vector<std::string> programs_of(const std::string& command) {
  std::vector<std::string> programs;
  bool first = true;
  for (const auto word : split(command, ' ')) {
    if (word == "|" || word == "&&") {
      first = true;
    } else if (first && word != "sudo" && word.find('=') == std::string_view::npos) {
      programs.emplace_back(word);
      first = false;
    }
  }
  return programs;
}

Environment environment(std::map<std::string, std::string, std::less<>> variables) { return Environment(std::move(variables)); }

}  // namespace

TEST_CASE("every error that is met in practice has a row of its own", "[causes]") {
  for (const int error : {34, 35, 46, 100, 101, 200, 201, 209, 214, 218, 220, 221, 222, 300, 304, 719, 802, 803, 804, 999}) {
    const auto cause = verify::cause_of_error(error, facts);
    INFO(error);
    CHECK(cause.cuda_error == error);
    CHECK(cause.id != "cuda-error");
  }
  std::set<std::string_view> ids;
  for (const auto& [error, id] : verify::known_causes()) CHECK(ids.insert(id).second);
  CHECK(ids.contains("libcuda-missing"));
  CHECK(ids.contains("libcuda-wrong-class"));
  CHECK(verify::cause_of_error(700, facts).id == "cuda-error");
}

TEST_CASE("every fix has a command that exists", "[causes]") {
  static const std::set<std::string, std::less<>> others{"nvidia-smi", "docker", "unset", "export", "ldconfig", "grep",
                                                         "dmesg", "systemctl", "modprobe", "reboot", "ls", "ulimit", "nvcc"};
  for (const auto& [error, id] : verify::known_causes()) {
    const auto cause = error != 0 ? verify::cause_of_error(error, facts) : verify::cause_of_finding(id, facts);
    INFO(id << ": " << cause.what << " | " << cause.fix);
    CHECK(cause.id == id);
    CHECK_FALSE(cause.what.empty());
    CHECK((cause.what + cause.fix).find('{') == std::string::npos);
    const auto commands = commands_in(cause.fix);
    CHECK_FALSE(commands.empty());
    for (const auto& command : commands) {
      INFO(command);
      CHECK_FALSE(programs_of(command).empty());
      for (const auto& program : programs_of(command)) CHECK((program == "cudaenv" || others.contains(program)));
      const auto at = command.find("cudaenv ");
      if (at == std::string::npos) continue;
      const auto words = split(std::string_view(command).substr(at), ' ');
      CHECK(cli::find_command(words[1]) != nullptr);
    }
  }
}

TEST_CASE("what it means here names the evidence", "[causes]") {
  CHECK_THAT(verify::cause_of_error(803, facts).what, ContainsSubstring("/usr/local/cuda/compat/libcuda.so.580.95.05"));
  CHECK_THAT(verify::cause_of_error(803, facts).what, ContainsSubstring("kernel module 580.159.04"));
  CHECK_THAT(verify::cause_of_error(803, facts).what, ContainsSubstring("LD_LIBRARY_PATH names /usr/local/cuda/compat"));
  CHECK(verify::cause_of_error(34, facts).fix == "`unset LD_LIBRARY_PATH`");
  CHECK_THAT(verify::cause_of_error(719, facts).what, ContainsSubstring("cuInit answers 7"));
}

TEST_CASE("who put a libcuda first, and what takes it away", "[causes]") {
  const std::string compat = "/usr/local/cuda/compat/libcuda.so.1";
  auto origin = verify::find_libcuda_origin(environment({{"CUDAENV_LIBCUDA", compat}}), compat, "");
  CHECK(origin.remedy == "unset CUDAENV_LIBCUDA");
  origin = verify::find_libcuda_origin(environment({{"LD_LIBRARY_PATH", "/usr/local/cuda/compat/"}}), compat, "");
  CHECK(origin.from == "LD_LIBRARY_PATH names /usr/local/cuda/compat");
  CHECK(origin.remedy == "unset LD_LIBRARY_PATH");
  origin = verify::find_libcuda_origin(environment({{"LD_LIBRARY_PATH", "/opt/it's mine::/usr/local/cuda/compat:/b"}}), compat, "");
  CHECK(origin.remedy == "export LD_LIBRARY_PATH='/opt/it'\\''s mine:/b'");
  origin = verify::find_libcuda_origin(environment({}), "/usr/lib/x86_64-linux-gnu/libcuda.so.1", "/nonexistent");
  CHECK(origin.remedy == "sudo reboot");  // the installed driver is not the running one
  CHECK(origin.system);
  CHECK(verify::find_libcuda_origin(environment({}), "", "").from.empty());
  const auto root = fs::make_temp_folder("/tmp", "cudaenv-origin-");
  REQUIRE(root);
  REQUIRE(fs::make_folders(*root + "/etc/ld.so.conf.d"));
  REQUIRE(fs::write_file_atomic(*root + "/etc/ld.so.conf.d/000_cuda.conf", "# theirs\n /usr/local/cuda/compat/ \n"));
  origin = verify::find_libcuda_origin(environment({{"LD_LIBRARY_PATH", "/elsewhere"}}), compat, *root);
  CHECK(origin.from == "/etc/ld.so.conf.d/000_cuda.conf names /usr/local/cuda/compat");
  CHECK_THAT(origin.remedy, ContainsSubstring("sudo ldconfig"));
  REQUIRE(fs::remove_tree(*root));
  CHECK(verify::find_libcuda_origin(environment({}), compat, *root).from == "the linker's cache names /usr/local/cuda/compat");
}
