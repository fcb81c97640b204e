#include "loader/trace.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "loader/places.hpp"
#include "sys/fs.hpp"

namespace cudaenv::loader {

namespace {

constexpr std::size_t most_objects = 4096;

// What a file is to the linker when it comes upon it in a search.
enum class Candidate { absent, passed_over, damaged, usable };

class Tracer {
 public:
  Tracer(const LinkerFacts& facts, const LinkerCache& cache, const LoadRequest& request) : facts_(facts), cache_(cache), request_(request) {}

  Result<LoadTrace> run() {
    auto first = TRY(read_object(request_.object));
    const auto status = TRY(fs::status_of_target(request_.object));
    // A program that is run says where it really lies; a library that is asked about says how it was named.
    const auto real = first.interpreter.empty() ? request_.object : fs::real_path(request_.object).value_or(request_.object);
    const auto interpreter = first.interpreter;
    objects_.push_back({std::move(first), request_.object, fs::parent(real), -1, {}, status.device, status.inode});
    add_linker(interpreter.empty() ? linker_path() : interpreter);
    const auto preload = spaced(request_.preload);
    for (const auto word : split(preload, ' '))
      if (!word.empty()) ask(0, std::string(word), Rule::preload);  // the program asks, with its own paths
    load_breadth_first();
    check_versions();
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (i != linker_) trace_.objects.push_back(objects_[i].path);
    return std::move(trace_);
  }

 private:
  static std::string spaced(std::string text) {
    std::replace(text.begin(), text.end(), ':', ' ');
    return text;
  }

  // The dynamic linker itself is in every process, and what names it is satisfied by it.
  void add_linker(const std::string& path) {
    auto object = read_object(path);
    if (!object) return;
    const auto status = fs::status_of_target(path).value_or(fs::Status{});
    linker_ = objects_.size();
    objects_.push_back({std::move(*object), path, fs::parent(path), -1, {path}, status.device, status.inode});
    objects_.back().elf.needed.clear();
  }

  void load_breadth_first() {
    for (std::size_t at = 0; at < objects_.size() && objects_.size() < most_objects; ++at) {
      const auto needed = objects_[at].elf.needed;  // a copy: the list of objects grows
      for (const auto& name : needed) ask(static_cast<int>(at), name, Rule::not_found);
    }
  }

  bool is_called(const Loaded& object, const std::string& name) const {
    return object.path == name || object.elf.soname == name ||
           std::find(object.names.begin(), object.names.end(), name) != object.names.end();
  }

  void ask(int asker, const std::string& wanted, Rule forced) {
    Need need;
    need.needed_by = forced == Rule::preload ? "LD_PRELOAD" : objects_[static_cast<std::size_t>(asker)].path;
    need.name = wanted;
    const auto origin = objects_[static_cast<std::size_t>(asker)].origin;
    const auto name = wanted.find('$') == std::string::npos ? wanted : expand(wanted, facts_, origin);
    for (auto& object : objects_)
      if (is_called(object, name)) {
        object.names.push_back(name);
        need.path = object.path;
        need.rule = Rule::already_loaded;
        trace_.needs.push_back(std::move(need));
        return;
      }
    if (name.find('/') != std::string::npos) open_by_path(name, need);
    else search(asker, name, need);
    if (forced == Rule::preload && need.rule != Rule::not_found) need.rule = Rule::preload;
    if (need.path.empty()) trace_.problems.push_back({Problem::Kind::not_found, wanted + ", needed by " + need.needed_by});
    else load(asker, name, need);
    trace_.needs.push_back(std::move(need));
  }

  void open_by_path(const std::string& name, Need& need) {
    if (look_at(name) != Candidate::usable) return;
    need.path = name;
    need.rule = Rule::by_path;
  }

  // The first usable file wins; the later ones are what it shadows.
  void search(int asker, const std::string& name, Need& need) {
    const auto offer = [&](const std::string& file, Rule rule, const std::string& detail) {
      if (stopped_ && need.path.empty()) return;
      const auto candidate = need.path.empty() ? look_at(file) : fs::exists(file) ? Candidate::usable : Candidate::absent;
      if (candidate != Candidate::usable) return;
      if (!need.path.empty()) return add_shadowed(file, need);
      need.path = file;
      need.rule = rule;
      need.detail = detail;
    };
    stopped_ = false;
    for (const auto& place : places_for(facts_, request_, objects_, asker))
      for (const auto& file : tries_in(facts_, place.folder, name)) offer(file, place.rule, place.detail);
    const bool default_folders = !objects_[static_cast<std::size_t>(asker)].elf.no_default_folders;
    for (const auto& file : cache_.find(name, facts_))
      if (default_folders || !in_system_folder(file)) offer(file, Rule::cache, "/etc/ld.so.cache");
    if (!default_folders) return;
    for (const auto& folder : facts_.system_folders)
      for (const auto& file : tries_in(facts_, folder, name)) offer(file, Rule::default_folder, folder);
  }

  bool in_system_folder(const std::string& file) const {
    return std::any_of(facts_.system_folders.begin(), facts_.system_folders.end(), [&](const auto& folder) { return file.starts_with(folder + "/"); });
  }

  static void add_shadowed(const std::string& file, Need& need) {
    const auto same = [&](const std::string& other) { return fs::real_path(other).value_or(other) == fs::real_path(file).value_or(file); };
    if (same(need.path) || std::any_of(need.shadows.begin(), need.shadows.end(), same)) return;
    need.shadows.push_back(file);
  }

  std::string absolute(const std::string& path) const { return path.starts_with('/') ? path : fs::join(request_.folder, path); }

  Candidate look_at(const std::string& file) {
    const auto path = absolute(file);
    if (const auto status = fs::status_of_target(path); !status || status->type != fs::Type::file) return Candidate::absent;
    const auto elf = ElfFile::open(path);
    if (!elf && elf.error().code == Code::io) return Candidate::absent;  // no permission: the linker looks further
    if (elf && elf->fits(facts_.machine)) return Candidate::usable;
    if (elf && (elf->bits() != 64 || elf->machine() != facts_.machine)) {
      trace_.problems.push_back({Problem::Kind::wrong_class, file + " is for another kind of processor and is passed over"});
      return Candidate::passed_over;
    }
    trace_.problems.push_back({Problem::Kind::damaged, file + " is no ELF file: the linker stops there"});
    stopped_ = true;
    return Candidate::damaged;
  }

  void load(int asker, const std::string& name, Need& need) {
    const auto path = absolute(need.path);
    const auto status = fs::status_of_target(path).value_or(fs::Status{});
    for (auto& object : objects_)
      if (object.device == status.device && object.inode == status.inode) {
        object.names.push_back(name);
        need.rule = Rule::already_loaded;
        need.detail = need.path + " is the same file";
        need.path = object.path;
        return;
      }
    auto object = read_object(path);
    if (!object) {
      trace_.problems.push_back({Problem::Kind::damaged, need.path + ": " + (object.error().causes.empty() ? object.error().what : object.error().causes.front())});
      return;
    }
    objects_.push_back({std::move(*object), need.path, fs::parent(path), asker, {name}, status.device, status.inode});
  }

  const Loaded* called(const std::string& name) const {
    for (const auto& object : objects_)
      if (is_called(object, name)) return &object;
    return nullptr;
  }

  // A library without any version is taken as it is; one with versions must have those that are wanted.
  void check_versions() {
    for (const auto& object : objects_)
      for (const auto& need : object.elf.version_needs) {
        const auto* provider = called(need.file);
        if (provider == nullptr || provider->elf.version_definitions.empty()) continue;
        const auto& has = provider->elf.version_definitions;
        for (const auto& version : need.versions)
          if (std::find(has.begin(), has.end(), version) == has.end())
            trace_.problems.push_back({Problem::Kind::missing_version, provider->path + " lacks version " + version + ", which " + object.path + " needs"});
      }
  }

  const LinkerFacts& facts_;
  const LinkerCache& cache_;
  const LoadRequest& request_;
  std::vector<Loaded> objects_;
  std::size_t linker_ = SIZE_MAX;
  bool stopped_ = false;  // the search came upon a damaged file
  LoadTrace trace_;
};

}  // namespace

const char* rule_name(Rule rule) {
  constexpr std::array names{"rpath", "ld_library_path", "runpath", "ld.so.cache", "default", "already-loaded", "path", "preload", "not-found"};
  return names[static_cast<std::size_t>(rule)];
}

const char* problem_name(Problem::Kind kind) {
  constexpr std::array names{"not-found", "wrong-class", "damaged", "missing-symbol-version"};
  return names[static_cast<std::size_t>(kind)];
}

Result<LoadTrace> trace_load(const LinkerFacts& facts, const LinkerCache& cache, const LoadRequest& request) {
  return Tracer(facts, cache, request).run();
}

}  // namespace cudaenv::loader
