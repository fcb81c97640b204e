#include "unit/catch.hpp"

#include <string>

#include "model/pin_edit.hpp"
#include "model/pinfile.hpp"

using namespace cudaenv;

namespace {
struct Edit {
  const char* before;
  const char* value;
  const char* after;
};
Pin parsed(const std::string& text) {
  Pin pin;
  PinError error;
  INFO(text);
  REQUIRE(parse_pin(text, pin, error));
  return pin;
}
}  // namespace

TEST_CASE("set_toolkit keeps everything else") {
  const Edit table[] = {
      {"", "12.8", "12.8\n"},
      {"\xEF\xBB\xBF", "12.8",
       "\xEF\xBB\xBF"
       "12.8\n"},
      {"# why", "12.8", "# why\n12.8\n"},
      {"12.4\n", "12.8.1", "12.8.1\n"},
      {"# a\r\n\t12.4 # b\r\n# c", ">=12,<13", "# a\r\n\t>=12,<13 # b\r\n# c"},
      {"components = ['nvcc'] # x\n", "13", "toolkit = \"13\"\ncomponents = ['nvcc'] # x\n"},
      {"# top\r\n\r\n[require]\r\ndriver='>=1'", "13", "# top\r\n\r\ntoolkit = \"13\"\r\n[require]\r\ndriver='>=1'"},
      {"# c\n[require]\n", "13", "# c\ntoolkit = \"13\"\n[require]\n"},
      {"toolkit = '12.4' # keep\nchannel = \"a\"\n", "latest", "toolkit = 'latest' # keep\nchannel = \"a\"\n"},
      {"toolkit = broken", "13", "toolkit = broken"},
      {"12.8", "../x", "12.8"},
  };
  for (const auto& edit : table) {
    INFO(edit.before);
    CHECK(set_toolkit(edit.before, edit.value) == edit.after);
  }
}

TEST_CASE("add_component replaces a version, adds at the end, converts the one-line form") {
  const Edit table[] = {
      {"12.8", "nvcc", "toolkit = \"12.8\"\ncomponents = [\"nvcc\"]"},
      {"12.8 # why\n", "cudnn@9", "toolkit = \"12.8\" # why\ncomponents = [\"cudnn@9\"]\n"},
      {"components-x\r\n", "nccl", "toolkit = \"components-x\"\r\ncomponents = [\"nccl\"]\r\n"},
      {"", "nccl", "components = [\"nccl\"]\n"},
      {"[require]\n", "nccl", "components = [\"nccl\"]\n[require]\n"},
      {"components = []", "nccl", "components = [\"nccl\"]"},
      {"components = [ # none\n]\n", "nccl", "components = [\"nccl\" # none\n]\n"},
      {"components = ['a', # ]\n 'cudnn@8' ,\n]\n", "cudnn@9", "components = ['a', # ]\n 'cudnn@9' ,\n]\n"},
      {"components = ['a', # ]\n 'b' ,\n]\n", "c@1.2", "components = ['a', # ]\n 'b', \"c@1.2\" ,\n]\n"},
      {"components = ['a']", "a", "components = ['a']"},
      {"12.8", "A", "12.8"},
  };
  for (const auto& edit : table) {
    INFO(edit.before);
    CHECK(add_component(edit.before, edit.value) == edit.after);
    if (edit.before != std::string(edit.after)) CHECK(parsed(edit.after).components != 0);
  }
}

TEST_CASE("set_require finds or makes the table") {
  const Edit table[] = {
      {"12.8", ">=570", "toolkit = \"12.8\"\n\n[require]\ndriver = \">=570\"\n"},
      {"12.8\r\n", ">=570", "toolkit = \"12.8\"\r\n\r\n[require]\r\ndriver = \">=570\"\r\n"},
      {"", ">=570", "[require]\ndriver = \">=570\"\n"},
      {"[require] # must\ntorch='cu128'\n", ">=570", "[require] # must\ndriver = \">=570\"\ntorch='cu128'\n"},
      {"[require]", ">=570", "[require]\ndriver = \">=570\""},
      {"components = [\n'a']\n[require]\ndriver = '>=1' # x", "<2",
       "components = [\n'a']\n[require]\ndriver = '<2' # x"},
      {"12.8", "570", "12.8"},
  };
  for (const auto& edit : table) {
    INFO(edit.before);
    CHECK(set_require(edit.before, "driver", edit.value) == edit.after);
  }
  CHECK(parsed(set_require("12.8", "torch", "cu128")).require.torch == "cu128");
  CHECK(parsed(set_require("12.8", "compute_capability", ">=8.0")).require.compute_capability == ">=8.0");
  CHECK(set_require("12.8", "url", ">=8.0") == "12.8");
}

TEST_CASE("edits in any order leave a file that says all of them") {
  for (const char* start :
       {"", "# c\n", "12.4", "toolkit='12.4'", "[require]\n", "channel = 'x'\n[require]\ntorch = 'cu121'"}) {
    std::string text = set_require(start, "driver", ">=570.26");
    text = add_component(text, "nvcc");
    text = set_toolkit(text, "12.8");
    text = add_component(text, "cudnn@9");
    const Pin pin = parsed(text);
    CHECK(pin.toolkit.text == "12.8");
    CHECK(pin.components == 2);
    CHECK(pin.require.driver == ">=570.26");
  }
}
