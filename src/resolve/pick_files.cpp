#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "model/pep440.hpp"
#include "resolve/resolve.hpp"

namespace cudaenv {

namespace {

using pep440::Specifier;
using pep440::SpecifierSet;

std::string text_of(const Version& version) { return std::string(to_text(version).view()); }

bool exact(const SpecifierSet& set) {
  return std::ranges::any_of(set.clauses, [](const Specifier& clause) {
    return clause.op == Specifier::Op::equal || clause.op == Specifier::Op::arbitrary;
  });
}

// A range such as `<14,>=13.0.88` reaches into later toolkits: its own minor release is 13.0.
std::optional<pep440::Version> lower_bound(const SpecifierSet& set) {
  if (exact(set)) return std::nullopt;
  for (const auto& clause : set.clauses)
    if (clause.op == Specifier::Op::greater_equal && clause.version.release.size() >= 2) return clause.version;
  return std::nullopt;
}

bool same_minor(const pep440::Version& a, const pep440::Version& b) {
  return a.epoch == b.epoch && a.release.size() >= 2 && b.release.size() >= 2 && a.release[0] == b.release[0] &&
         a.release[1] == b.release[1];
}

struct Judged {
  const FileCandidate* file;
  pep440::Version version;
  int rank;  // better files have a lower one: own minor release, later ones, pre-releases, yanked
};
enum Rank { own = 0, later = 1, candidate = 2, yanked = 3 };

// Newest first among equals; between two builds of one version pip's order, then the name, so that the answer is
// always the same.
bool better(const Judged& a, const Judged& b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  if (const int order = pep440::compare(a.version, b.version)) return order > 0;
  if (a.file->glibc_minor != b.file->glibc_minor) return a.file->glibc_minor > b.file->glibc_minor;
  return a.file->artifact.filename < b.file->artifact.filename;
}

class Picker {
 public:
  Picker(const Release& release, Resolution& out) : release_(release), out_(out) {}

  Result<void> pick(const ComponentFiles& offered) {
    const auto set = pep440::parse_specifiers(offered.pin.specifier);
    if (!set)
      return fail(Code::integrity, "cannot read the pin of `" + offered.pin.package + "`",
                  "`" + printable(offered.pin.specifier) + "` is not of PEP 440");
    std::vector<Rejected> unfit;
    auto judged = judge(offered, *set, unfit);
    std::ranges::sort(judged, better);
    if (judged.empty()) return none(offered, unfit);
    take(offered, *set, judged);
    return {};
  }

 private:
  // Candidates that satisfy the pin and can be used here; the others that satisfy it go to `unfit`.
  [[nodiscard]] std::vector<Judged> judge(const ComponentFiles& offered, const SpecifierSet& set, std::vector<Rejected>& unfit) {
    const bool allow_candidates = pep440::names_prerelease(set) || release_.version.prerelease();
    const auto bound = lower_bound(set);
    std::vector<Judged> out;
    for (const auto& file : offered.files) {
      const auto version = pep440::parse(file.artifact.version);
      if (!version) {
        if (offered.pin.specifier == "===" + file.artifact.version) out.push_back({&file, {}, Rank::own});
        continue;
      }
      if (!pep440::contains(set, *version)) continue;
      const auto reject = [&](std::string reason) { unfit.push_back({file.artifact.filename, std::move(reason)}); };
      const bool wheel_is_elsewhere = file.unfit.starts_with("is for ");
      if (!file.unfit.empty()) {
        if (!wheel_is_elsewhere) reject(file.unfit);
      } else if (file.artifact.yanked && !exact(set)) {
        reject("is yanked: " + file.artifact.yanked_reason);
      } else if (version->prerelease() && !allow_candidates) {
        reject("is a pre-release");
      } else {
        const int rank = file.artifact.yanked                  ? Rank::yanked
                         : version->prerelease()               ? Rank::candidate
                         : bound && !same_minor(*version, *bound) ? Rank::later
                                                                  : Rank::own;
        out.push_back({&file, *version, rank});
      }
    }
    out_.rejected.insert(out_.rejected.end(), unfit.begin(), unfit.end());
    return out;
  }

  void take(const ComponentFiles& offered, const SpecifierSet& set, const std::vector<Judged>& judged) {
    const auto& best = judged.front();
    const auto& artifact = best.file->artifact;
    for (std::size_t i = 1; i < judged.size(); ++i)
      out_.rejected.push_back({judged[i].file->artifact.filename, why_not(best, judged[i])});
    if (best.rank == Rank::yanked)
      out_.notes.push_back(offered.pin.component + " " + artifact.version + " is yanked by its index (" + artifact.yanked_reason +
                           "), but nothing else satisfies the pin " + offered.pin.specifier);
    if (best.rank == Rank::candidate && !release_.version.prerelease() && !pep440::names_prerelease(set))
      out_.notes.push_back(offered.pin.component + " " + artifact.version + " is a pre-release");
    if (offered.channel != release_.channel)
      out_.notes.push_back(offered.pin.component + " comes from channel `" + offered.channel + "`");
    out_.artifacts.push_back(artifact);
  }

  static std::string why_not(const Judged& best, const Judged& other) {
    if (other.rank == Rank::yanked && best.rank != Rank::yanked) return "is yanked: " + other.file->artifact.yanked_reason;
    if (other.rank == Rank::later && best.rank == Rank::own) return "belongs to a later toolkit than " + best.file->artifact.version;
    if (other.rank == Rank::candidate && best.rank < Rank::candidate) return "is a pre-release";
    if (pep440::compare(best.version, other.version) == 0) return "another build of " + best.file->artifact.version;
    return "older than " + best.file->artifact.version;
  }

  [[nodiscard]] std::unexpected<Error> none(const ComponentFiles& offered, const std::vector<Rejected>& unfit) const {
    const auto& pin = offered.pin;
    Error error = make_error(Code::no_such_version, "cannot find a file of `" + (pin.package.empty() ? pin.component : pin.package) +
                                                        "` " + pin.specifier + " for CUDA " + text_of(release_.version));
    if (offered.files.empty()) error.causes.push_back("channel `" + offered.channel + "` does not publish it");
    else if (unfit.empty()) error.causes.push_back("none of the " + std::to_string(offered.files.size()) + " files of channel `" +
                                                   offered.channel + "` satisfies it on this machine");
    for (std::size_t i = 0; i < unfit.size() && i < 3; ++i) error.causes.push_back(unfit[i].candidate + " " + unfit[i].reason);
    error.hint = "cudaenv list --available";
    return std::unexpected(std::move(error));
  }

  const Release& release_;
  Resolution& out_;
};

}  // namespace

Result<Resolution> pick_files(const Release& release, const std::vector<ComponentFiles>& offered) {
  Resolution out;
  out.version = release.version;
  out.channel = release.channel;
  Picker picker(release, out);
  for (const auto& one : offered) TRY(picker.pick(one));
  std::ranges::sort(out.artifacts, {}, &Artifact::component);
  return out;
}

}  // namespace cudaenv
