// build_stub: the smallest ELF64 shared object that GNU ld, gold, lld, the dynamic linker and readelf all take.
// Layout in file and memory: [headers, .hash, .gnu.hash, .dynsym, .dynstr] R, [.text] RX, [.dynamic] RW, then the
// section names and the section headers, which are not loaded.
#include <algorithm>
#include <array>
#include <cstdint>

#include "store/link_stubs.hpp"

namespace cudaenv::store {

namespace {

constexpr std::uint64_t header_size = 64, program_header_size = 56, symbol_size = 24, function_size = 16;
constexpr std::uint32_t programs = 5;
enum Section : std::uint16_t { none, hash, gnu_hash, dynsym, dynstr, text, dynamic, names, sections };

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}
void put16(std::string& out, std::uint64_t value) { put(out, value, 2); }
void put32(std::string& out, std::uint64_t value) { put(out, value, 4); }
void put64(std::string& out, std::uint64_t value) { put(out, value, 8); }
std::uint64_t aligned(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

std::uint32_t gnu_hash_of(std::string_view name) {
  std::uint32_t h = 5381;
  for (const char c : name) h = h * 33 + static_cast<unsigned char>(c);
  return h;
}

std::uint32_t sysv_hash_of(std::string_view name) {
  std::uint32_t h = 0;
  for (const char c : name) {
    h = (h << 4) + static_cast<unsigned char>(c);
    const std::uint32_t g = h & 0xf0000000U;
    h = (h ^ g >> 24) & ~g;
  }
  return h;
}

// Both bodies may be reached by an indirect jump under CET and BTI, and fill function_size bytes.
std::string answering_code(int answer, Platform platform) {
  std::string code;
  const auto value = static_cast<std::uint32_t>(answer);
  if (platform == Platform::linux_x86_64) {
    code += "\xf3\x0f\x1e\xfa\xb8";  // endbr64; mov eax, imm32
    put32(code, value);
    code += "\xc3";  // ret
    code.resize(function_size, '\xcc');
    return code;
  }
  // bti c; mov w0, #imm16; ret; nop
  for (const auto word : {0xd503245fU, 0x52800000U | (value & 0xffff) << 5, 0xd65f03c0U, 0xd503201fU}) put32(code, word);
  return code;
}

// Returns the address of the message that lies `distance` bytes after the function's first.
std::string message_code(std::uint64_t distance, Platform platform) {
  std::string code;
  if (platform == Platform::linux_x86_64) {
    code += "\xf3\x0f\x1e\xfa\x48\x8d\x05";  // endbr64; lea rax, [rip + disp32]
    put32(code, distance - 11);                // rip is behind this instruction
    code += "\xc3";
    code.resize(function_size, '\xcc');
    return code;
  }
  // bti c; adr x0, #(distance - 4), a multiple of four; ret; nop
  const auto immediate = static_cast<std::uint32_t>(distance - 4) >> 2 & 0x7ffff;
  for (const auto word : {0xd503245fU, 0x10000000U | immediate << 5, 0xd65f03c0U, 0xd503201fU}) put32(code, word);
  return code;
}

struct Tables {
  std::string hash, gnu_hash, dynsym, dynstr, text;
  std::uint64_t soname = 0;  // offset in dynstr
};

std::uint32_t buckets_for(std::size_t symbols) { return static_cast<std::uint32_t>(std::max<std::size_t>(1, symbols / 2)); }

// `functions` are in bucket order; symbol i + 1 is functions[i].
std::string make_gnu_hash(const std::vector<std::string>& functions) {
  constexpr std::uint32_t shift = 6;
  const auto buckets = buckets_for(functions.size());
  std::uint32_t words = 1;
  while (words * 64U < functions.size() * 12) words *= 2;
  std::vector<std::uint64_t> bloom(words);
  std::vector<std::uint32_t> bucket(buckets), chain(functions.size());
  for (std::size_t i = 0; i < functions.size(); ++i) {
    const auto h = gnu_hash_of(functions[i]);
    bloom[h / 64 % words] |= std::uint64_t{1} << h % 64 | std::uint64_t{1} << (h >> shift) % 64;
    if (bucket[h % buckets] == 0) bucket[h % buckets] = static_cast<std::uint32_t>(i + 1);
    const bool last = i + 1 == functions.size() || gnu_hash_of(functions[i + 1]) % buckets != h % buckets;
    chain[i] = (h & ~1U) | (last ? 1U : 0U);
  }
  std::string out;
  for (const auto value : {buckets, 1U, words, shift}) put32(out, value);
  for (const auto value : bloom) put64(out, value);
  for (const auto value : bucket) put32(out, value);
  for (const auto value : chain) put32(out, value);
  return out;
}

std::string make_sysv_hash(const std::vector<std::string>& functions) {
  const auto buckets = buckets_for(functions.size());
  std::vector<std::uint32_t> bucket(buckets), chain(functions.size() + 1);
  for (std::size_t i = functions.size(); i > 0; --i) {
    auto& first = bucket[sysv_hash_of(functions[i - 1]) % buckets];
    chain[i] = first;
    first = static_cast<std::uint32_t>(i);
  }
  std::string out;
  put32(out, buckets);
  put32(out, chain.size());
  for (const auto value : bucket) put32(out, value);
  for (const auto value : chain) put32(out, value);
  return out;
}

Tables make_tables(std::vector<std::string> functions, const StubLibrary& library, Platform platform) {
  const auto buckets = buckets_for(functions.size());
  std::stable_sort(functions.begin(), functions.end(), [&](const std::string& a, const std::string& b) {
    return gnu_hash_of(a) % buckets < gnu_hash_of(b) % buckets;
  });
  Tables tables;
  tables.hash = make_sysv_hash(functions);
  tables.gnu_hash = make_gnu_hash(functions);
  tables.dynstr.assign(1, '\0');
  tables.soname = tables.dynstr.size();
  tables.dynstr += library.soname + '\0';
  tables.dynsym.assign(symbol_size, '\0');
  const auto message_at = functions.size() * function_size;
  for (const auto& function : functions) {
    const auto& speaking = library.message_functions;
    const bool speaks = std::find(speaking.begin(), speaking.end(), function) != speaking.end();
    constexpr unsigned char global_function = 1 << 4 | 2;
    put32(tables.dynsym, tables.dynstr.size());
    tables.dynsym += {static_cast<char>(global_function), '\0'};
    put16(tables.dynsym, Section::text);
    put64(tables.dynsym, tables.text.size());  // relative to .text; place() adds its address
    put64(tables.dynsym, function_size);
    tables.dynstr += function + '\0';
    tables.text += speaks ? message_code(message_at - tables.text.size(), platform)
                          : answering_code(library.answer, platform);
  }
  tables.text += library.message + '\0';
  return tables;
}

struct Place {
  std::uint64_t offset = 0, address = 0, size = 0;
};

struct Image {
  std::array<Place, Section::sections> at{};
  std::uint64_t page = 0;
  std::uint64_t section_headers = 0;
};

constexpr std::uint64_t dynamic_entries = 8, dynamic_entry_size = 16;
constexpr char section_name_bytes[] = "\0.hash\0.gnu.hash\0.dynsym\0.dynstr\0.text\0.dynamic\0.shstrtab";
constexpr std::string_view section_names(section_name_bytes, sizeof section_name_bytes);  // with the last NUL

Image place(const Tables& tables, Platform platform) {
  Image image;
  // The largest page size of each architecture: a segment's offset and address agree modulo it.
  image.page = platform == Platform::linux_x86_64 ? 0x1000 : 0x10000;
  std::uint64_t offset = header_size + programs * program_header_size;
  const auto add = [&](Section section, std::uint64_t size, std::uint64_t pages) {
    offset = aligned(offset, 16);
    image.at[section] = {offset, offset + pages * image.page, size};
    offset += size;
  };
  add(Section::hash, tables.hash.size(), 0);
  add(Section::gnu_hash, tables.gnu_hash.size(), 0);
  add(Section::dynsym, tables.dynsym.size(), 0);
  add(Section::dynstr, tables.dynstr.size(), 0);
  add(Section::text, tables.text.size(), 1);
  add(Section::dynamic, dynamic_entries * dynamic_entry_size, 2);
  add(Section::names, section_names.size(), 0);
  image.at[Section::names].address = 0;
  image.section_headers = aligned(offset, 16);
  return image;
}

std::string file_header(const Image& image, Platform platform) {
  constexpr std::uint16_t machine_x86_64 = 62, machine_aarch64 = 183;
  std::string out("\x7f" "ELF\x02\x01\x01", 7);
  out.resize(16, '\0');
  put16(out, 3);  // ET_DYN
  put16(out, platform == Platform::linux_x86_64 ? machine_x86_64 : machine_aarch64);
  put32(out, 1);
  put64(out, 0);
  put64(out, header_size);
  put64(out, image.section_headers);
  put32(out, 0);
  for (const std::uint64_t value : {header_size, program_header_size, std::uint64_t{programs}, std::uint64_t{64},
                                    std::uint64_t{Section::sections}, std::uint64_t{Section::names}})
    put16(out, value);
  return out;
}

void put_program(std::string& out, std::uint32_t type, std::uint32_t flags, const Place& where, std::uint64_t align) {
  put32(out, type);
  put32(out, flags);
  for (const auto value : {where.offset, where.address, where.address, where.size, where.size, align}) put64(out, value);
}

std::string program_headers(const Image& image) {
  constexpr std::uint32_t load = 1, dynamic_segment = 2, gnu_stack = 0x6474e551, r = 4, w = 2, x = 1;
  const auto& last = image.at[Section::dynstr];
  std::string out;
  put_program(out, load, r, {0, 0, last.offset + last.size}, image.page);
  put_program(out, load, r | x, image.at[Section::text], image.page);
  put_program(out, load, r | w, image.at[Section::dynamic], image.page);
  put_program(out, dynamic_segment, r | w, image.at[Section::dynamic], 8);
  put_program(out, gnu_stack, r | w, {}, 16);
  return out;
}

std::string dynamic_section(const Image& image, std::uint64_t soname) {
  const std::array<std::pair<std::uint64_t, std::uint64_t>, dynamic_entries> entries{
      {{14, soname},
       {4, image.at[Section::hash].address},
       {0x6ffffef5, image.at[Section::gnu_hash].address},
       {5, image.at[Section::dynstr].address},
       {6, image.at[Section::dynsym].address},
       {10, image.at[Section::dynstr].size},
       {11, symbol_size},
       {0, 0}}};
  std::string out;
  for (const auto& [tag, value] : entries) put64(out, tag), put64(out, value);
  return out;
}

std::string section_headers(const Image& image) {
  struct Kind {
    std::uint32_t type;
    std::uint64_t flags;
    std::uint32_t link, info;
    std::uint64_t align, entry;
  };
  constexpr std::uint64_t alloc = 2, write = 1, execute = 4;
  const std::array<Kind, Section::sections> kinds{{{0, 0, 0, 0, 0, 0},
                                                   {5, alloc, Section::dynsym, 0, 16, 4},
                                                   {0x6ffffff6, alloc, Section::dynsym, 0, 16, 0},
                                                   {11, alloc, Section::dynstr, 1, 16, symbol_size},
                                                   {3, alloc, 0, 0, 1, 0},
                                                   {1, alloc | execute, 0, 0, 16, 0},
                                                   {6, alloc | write, Section::dynstr, 0, 16, dynamic_entry_size},
                                                   {3, 0, 0, 0, 1, 0}}};
  std::string out;
  std::uint64_t name = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto& kind = kinds[i];
    const auto& where = image.at[i];
    put32(out, i == 0 ? 0 : name);
    put32(out, kind.type);
    for (const auto value : {kind.flags, where.address, where.offset, where.size}) put64(out, value);
    put32(out, kind.link);
    put32(out, kind.info);
    put64(out, kind.align);
    put64(out, kind.entry);
    name = section_names.find('\0', name) + 1;
  }
  return out;
}

}  // namespace

std::string build_stub(const StubLibrary& library, Platform platform) {
  auto functions = library.functions;
  std::sort(functions.begin(), functions.end());
  functions.erase(std::unique(functions.begin(), functions.end()), functions.end());
  auto tables = make_tables(std::move(functions), library, platform);
  const auto image = place(tables, platform);
  const auto base = image.at[Section::text].address;
  for (std::size_t at = symbol_size; at < tables.dynsym.size(); at += symbol_size) {
    std::string address;
    put64(address, base + (at / symbol_size - 1) * function_size);
    tables.dynsym.replace(at + 8, 8, address);
  }
  auto out = file_header(image, platform) + program_headers(image);
  const auto dynamic_bytes = dynamic_section(image, tables.soname);
  const std::array<std::pair<Section, std::string_view>, 7> parts{{{Section::hash, tables.hash},
                                                                   {Section::gnu_hash, tables.gnu_hash},
                                                                   {Section::dynsym, tables.dynsym},
                                                                   {Section::dynstr, tables.dynstr},
                                                                   {Section::text, tables.text},
                                                                   {Section::dynamic, dynamic_bytes},
                                                                   {Section::names, section_names}}};
  for (const auto& [section, bytes] : parts) {
    out.resize(image.at[section].offset, '\0');
    out += bytes;
  }
  out.resize(image.section_headers, '\0');
  return out + section_headers(image);
}

}  // namespace cudaenv::store
