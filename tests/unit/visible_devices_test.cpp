// CUDA_VISIBLE_DEVICES in each of its forms, against machines with one, two and partitioned GPUs.
#include "unit/catch.hpp"
#include "verify/visible_devices.hpp"

using namespace cudaenv;
using namespace cudaenv::verify;

namespace {

NvmlGpu gpu(const char* uuid, std::vector<MigInstance> instances = {}, bool mig_mode = false) {
  NvmlGpu one;
  one.uuid = uuid;
  one.name = "NVIDIA H100";
  one.mig_mode = mig_mode || !instances.empty();
  one.mig = std::move(instances);
  return one;
}

constexpr const char* first = "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6";
constexpr const char* second = "GPU-8932aaaa-0000-1111-2222-333344445555";
constexpr const char* instance = "MIG-0c757cd7-e942-5726-a0b8-0e8fb7067135";
constexpr const char* other_instance = "MIG-0c75ffff-e942-5726-a0b8-0e8fb7067135";

const std::vector<NvmlGpu>& two() {
  static const std::vector<NvmlGpu> gpus{gpu(first), gpu(second)};
  return gpus;
}
const std::vector<NvmlGpu>& partitioned() {
  static const std::vector<NvmlGpu> gpus{gpu(first, {{instance, 1, 0}, {other_instance, 2, 0}}), gpu(second)};
  return gpus;
}

std::string left(const VisibleDevices& visible) {
  std::string text;
  for (const auto& uuid : visible.uuids) text += (text.empty() ? "" : " ") + uuid;
  return text;
}

}  // namespace

TEST_CASE("unset, every GPU is visible; empty, -1 and NoDevFiles hide all on purpose", "[visible]") {
  const auto unset = read_visible_devices(std::nullopt, two());
  CHECK_FALSE(unset.set);
  CHECK_FALSE(unset.hides_all());
  CHECK(describe_visible(unset).empty());
  for (const char* value : {"", " ", "-1", "-1,0", "NoDevFiles"}) {
    CAPTURE(value);
    const auto hidden = read_visible_devices(value, two());
    CHECK(hidden.on_purpose);
    CHECK(hidden.hides_all());
    CHECK_FALSE(hidden.wrong());
    CHECK_THAT(describe_visible(hidden), ContainsSubstring("hides every GPU"));
  }
}

TEST_CASE("each form names its GPUs, in the order of the list", "[visible]") {
  const std::string a = first, b = second, i = instance;
  struct Case {
    std::string value, left;
    const std::vector<NvmlGpu>& gpus;
  };
  const Case cases[] = {
      {"0", a, two()},
      {"1,0", b + " " + a, two()},
      {" 1 , 0 ", b + " " + a, two()},
      {"0,-1,1", a, two()},           // the documented end of a list
      {"1gpu", b, two()},             // read as strtoul reads it
      {a, a, two()},
      {"GPU-8932f", a, two()},        // enough digits to be the only one
      {"GPU-8932F937", a, two()},
      {b + "," + a, b + " " + a, two()},
      {i, i, partitioned()},
      {"MIG-0c757", i, partitioned()},
      {"MIG-" + a + "/1/0", i, partitioned()},
      {"MIG-" + a + "/2/0", other_instance, partitioned()},
  };
  for (const auto& one : cases) {
    CAPTURE(one.value);
    const auto visible = read_visible_devices(one.value, one.gpus);
    CHECK(left(visible) == one.left);
    CHECK_FALSE(visible.wrong());
    CHECK(describe_visible(visible).empty());
  }
}

TEST_CASE("an entry that names nothing hides itself and what follows, and is named", "[visible]") {
  struct Case {
    std::string value, left, bad, why;
    const std::vector<NvmlGpu>& gpus;
  };
  const std::string a = first;
  const Case cases[] = {
      {"2", "", "`2`", "there are 2, 0 to 1", two()},
      {"0,7,1", a, "`7`", "there are 2, 0 to 1", two()},
      {"7,0", "", "`7`", "names no GPU", two()},
      {"0,,1", a, "an entry", "is empty", two()},
      {"0," + a, a, "`" + a + "`", "another form", two()},
      {a + ",1", a, "`1`", "another form", two()},
      {"first", "", "`first`", "neither a number nor a UUID", two()},
      {"-2", "", "`-2`", "neither a number", two()},
      {"99999999999999999999", "", "`99999999999999999999`", "neither a number", two()},
      {"GPU-8932", "", "`GPU-8932`", "cut too short", two()},
      {"GPU-dead", "", "`GPU-dead`", "none here has such a UUID", two()},
      {instance, "", std::string("`") + instance + "`", "no GPU here is in MIG mode", two()},
      {"MIG-dead", "", "`MIG-dead`", "names no MIG instance", partitioned()},
      {"MIG-" + a + "/9/0", "", "`MIG-" + a + "/9/0`", "does not have", partitioned()},
      {"MIG-" + a, "", "`MIG-" + a + "`", "no MIG name of the old form", partitioned()},
      {std::string("MIG-") + second + "/1/0", "", std::string("`MIG-") + second + "/1/0`", "not in MIG mode", partitioned()},
      {std::string(instance) + "," + other_instance, instance, std::string("`") + other_instance + "`", "a process sees one", partitioned()},
      {"0,0", "", "`0`", "comes twice", two()},
      {"1,0,01", "", "`01`", "comes twice", two()},
      {a + ",GPU-8932f", "", "`GPU-8932f`", "comes twice", two()},
  };
  for (const auto& one : cases) {
    CAPTURE(one.value);
    const auto visible = read_visible_devices(one.value, one.gpus);
    CHECK(left(visible) == one.left);
    CHECK(visible.bad == one.bad);
    CHECK_THAT(visible.why, ContainsSubstring(one.why));
    CHECK(visible.hides_all() == one.left.empty());
    CHECK_THAT(describe_visible(visible), ContainsSubstring("CUDA_VISIBLE_DEVICES=`" + one.value + "`"));
  }
}

TEST_CASE("without NVML only the form can be judged", "[visible]") {
  CHECK_FALSE(read_visible_devices("7", {}).wrong());
  CHECK_FALSE(read_visible_devices("GPU-dead,GPU-beef", {}).wrong());
  CHECK_FALSE(read_visible_devices(instance, {}).wrong());
  CHECK(read_visible_devices("x", {}).hides_all());
  CHECK(read_visible_devices("0,0", {}).hides_all());
  CHECK(read_visible_devices("MIG-GPU-x/1", {}).wrong());
}

TEST_CASE("where CUDA counts otherwise than NVML, an index stands for no certain GPU", "[visible]") {
  const auto visible = read_visible_devices("1", two(), false);
  CHECK(visible.entries == std::vector<std::string>{"1"});
  CHECK(left(visible).empty());
  CHECK_FALSE(visible.wrong());
}

TEST_CASE("a value that works here", "[visible]") {
  CHECK(working_visible(two()) == "export CUDA_VISIBLE_DEVICES=0,1");
  CHECK(working_visible(partitioned()) == std::string("export CUDA_VISIBLE_DEVICES=") + instance);
  CHECK(working_visible({}) == "unset CUDA_VISIBLE_DEVICES");
  for (const auto* gpus : {&two(), &partitioned()}) {
    const auto command = working_visible(*gpus);
    CHECK_FALSE(read_visible_devices(command.substr(command.find('=') + 1), *gpus).wrong());
  }
}

TEST_CASE("a value from outside is safe to show", "[visible]") {
  const auto visible = read_visible_devices("\x1b[31m7\n" + std::string(5000, 'x'), two());
  CHECK(describe_visible(visible).size() < 600);
  CHECK(describe_visible(visible).find('\x1b') == std::string::npos);
}
