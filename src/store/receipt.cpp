#include "store/receipt.hpp"

#include <fmt/format.h>

#include <optional>

#include "base/text.hpp"
#include "sys/fs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint64_t receipt_max_bytes = 256 * 1024;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04x}", byte);
    else
      out += c;
  }
  return out + '"';
}

// Reads `key = value` lines from front to back; every line has its one place.
class Reader {
 public:
  Reader(std::string_view text, const std::string& shown) : rest_(text), shown_(shown) {}

  Error wrong(std::string cause) const {
    return make_error(Code::integrity, "cannot read the receipt `" + shown_ + "`",
                      shown_ + ":" + std::to_string(line_) + ": " + std::move(cause));
  }

  Result<void> literal(std::string_view expected) {
    if (TRY(next()) != expected) return fail(wrong("expected `" + std::string(expected) + "`"));
    return {};
  }

  Result<std::string> text(std::string_view key) {
    auto value = TRY(value_of(key));
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return fail(wrong("expected quoted text"));
    value = value.substr(1, value.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < value.size(); ++i) {
      const auto byte = static_cast<unsigned char>(value[i]);
      if (byte == '"' || byte < 0x20) return fail(wrong("a character that must be escaped"));
      if (byte != '\\') {
        out += value[i];
        continue;
      }
      const auto escaped = unescape(value.substr(i + 1), i);
      if (!escaped) return fail(wrong("an unknown escape"));
      out += *escaped;
    }
    return out;
  }

  Result<std::uint64_t> number(std::string_view key) {
    const auto parsed = parse_u64(TRY(value_of(key)));
    if (!parsed) return fail(wrong("expected a number"));
    return *parsed;
  }

  bool at_end() const { return rest_.empty(); }

 private:
  Result<std::string_view> next() {
    ++line_;
    const auto end = rest_.find('\n');
    if (end == std::string_view::npos) return fail(wrong("it ends in the middle"));
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return line;
  }

  Result<std::string_view> value_of(std::string_view key) {
    const auto line = TRY(next());
    if (!line.starts_with(key) || !line.substr(key.size()).starts_with(" = "))
      return fail(wrong("expected `" + std::string(key) + "`"));
    return line.substr(key.size() + 3);
  }

  // `after` begins behind the backslash at `at`, which moves to the escape's last character.
  static std::optional<char> unescape(std::string_view after, std::size_t& at) {
    if (after.starts_with('"') || after.starts_with('\\')) return ++at, after.front();
    if (!after.starts_with("u00") || after.size() < 5) return std::nullopt;
    int value = 0;
    for (const char c : after.substr(3, 2)) {
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (digit < 0) return std::nullopt;
      value = value * 16 + digit;
    }
    if (value >= 0x80) return std::nullopt;
    at += 5;
    return static_cast<char>(value);
  }

  std::string_view rest_;
  const std::string& shown_;
  std::uint32_t line_ = 0;
};

Result<InstalledComponent> read_component(Reader& reader) {
  InstalledComponent component;
  TRY(reader.literal(""));
  TRY(reader.literal("[[component]]"));
  component.name = TRY(reader.text("name"));
  component.package = TRY(reader.text("package"));
  component.version = TRY(reader.text("version"));
  component.sha256 = TRY(reader.text("sha256"));
  component.filename = TRY(reader.text("filename"));
  component.witness = TRY(reader.text("witness"));
  return component;
}

}  // namespace

std::string format_receipt(const Receipt& receipt) {
  auto out = fmt::format(
      "schema = 1\nid = {}\nversion = {}\nchannel = {}\nlinked = {}\nfiles = {}\nbytes = {}\ntree_sha256 = {}\n"
      "components = {}\n",
      quoted(receipt.id), quoted(to_text(receipt.version).view()), quoted(receipt.channel), receipt.linked ? 1 : 0,
      receipt.files, receipt.bytes, quoted(receipt.tree_sha256), receipt.components.size());
  for (const auto& component : receipt.components)
    out += fmt::format(
        "\n[[component]]\nname = {}\npackage = {}\nversion = {}\nsha256 = {}\nfilename = {}\nwitness = {}\n",
        quoted(component.name), quoted(component.package), quoted(component.version), quoted(component.sha256),
        quoted(component.filename), quoted(component.witness));
  return out + "\n# end\n";  // so that every proper prefix is seen to be one
}

Result<Receipt> parse_receipt(std::string_view text, const std::string& shown) {
  Reader reader(text, shown);
  Receipt receipt;
  if (TRY(reader.number("schema")) != 1) return fail(reader.wrong("a schema this cudaenv does not know"));
  receipt.id = TRY(reader.text("id"));
  if (!parse_version(TRY(reader.text("version")), receipt.version)) return fail(reader.wrong("not a version"));
  receipt.channel = TRY(reader.text("channel"));
  receipt.linked = TRY(reader.number("linked")) != 0;
  receipt.files = TRY(reader.number("files"));
  receipt.bytes = TRY(reader.number("bytes"));
  receipt.tree_sha256 = TRY(reader.text("tree_sha256"));
  const auto components = TRY(reader.number("components"));
  if (components > 10'000) return fail(reader.wrong("too many components"));
  for (std::uint64_t i = 0; i < components; ++i) receipt.components.push_back(TRY(read_component(reader)));
  TRY(reader.literal(""));
  TRY(reader.literal("# end"));
  if (!reader.at_end()) return fail(reader.wrong("text after its end"));
  return receipt;
}

Result<Receipt> read_receipt(const std::string& tree) {
  const auto path = Layout::receipt(tree);
  const auto text = TRY(fs::read_file(path, receipt_max_bytes));
  auto receipt = TRY(parse_receipt(text, path));
  receipt.path = tree;
  return receipt;
}

}  // namespace cudaenv::store
