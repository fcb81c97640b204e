#include "fetch/job.hpp"

#include "base/text.hpp"
#include "fetch/http_fields.hpp"
#include "fetch/retry.hpp"
#include "sys/fs.hpp"
#include "sys/lock.hpp"
#include "sys/url.hpp"

namespace cudaenv::fetch {

namespace {

constexpr std::uint64_t much_progress = 1 << 20;          // tries are counted anew when we are this much farther
constexpr std::uint64_t max_unknown_size = 32ULL << 30;   // of an artifact whose index gives no size

std::optional<std::uint64_t> length_of(const std::map<std::string, std::string>& headers) {
  const auto found = headers.find("content-length");
  return found == headers.end() ? std::nullopt : parse_u64(found->second);
}

}  // namespace

Error Job::failure(Code code, std::string cause) const {
  return make_error(code, "cannot download `" + redact_url(artifact_->url) + "`", std::move(cause));
}

bool Job::is_file() const { return url_origin(artifact_->url).scheme == "file"; }

void Job::report(Progress::State state, std::string note) const {
  if (!options_->progress) return;
  const auto done = result_ ? result_->size : part_ ? part_->size() : 0;
  options_->progress({state, index_, done, artifact_->size, std::move(note)});
}

Result<Job::Start> Job::start() {
  if (parse_sha256(artifact_->sha256) != artifact_->sha256)
    return fail(failure(Code::integrity, "its index gives no sha256, and nothing is installed without one"));
  const auto path = options_->folder + "/" + artifact_->sha256;
  if (TRY(is_settled(path))) return Start::cached;
  if (options_->offline)
    return fail(failure(Code::network, "CUDAENV_OFFLINE is set and the cache does not have it").with_hint("unset CUDAENV_OFFLINE"));
  auto part = TRY(Part::open(*io_, options_->folder, artifact_->sha256, artifact_->size));
  if (!part) return Start::busy;
  part_ = std::make_unique<Part>(std::move(*part));
  // Its last holder may have finished between the look above and the lock.
  if (TRY(is_settled(path))) {
    part_->discard();
    part_.reset();
    return Start::cached;
  }
  if (artifact_->size > 0 && part_->size() == artifact_->size && TRY(finish_whole())) return Start::cached;
  report(Progress::State::moving);
  return Start::ready;
}

std::string Job::who_has_it() const {
  return holder_text(lock_holder(options_->folder + "/" + artifact_->sha256 + ".part"));
}

// Nothing is to be fetched: the cache has it, or it is not needed any more.
Result<bool> Job::is_settled(const std::string& path) {
  if (TRY(take_cached(path))) return true;
  if (!options_->not_needed || !options_->not_needed(*artifact_)) return false;
  result_ = Downloaded{*artifact_, {}, 0, transferred_};
  report(Progress::State::finished);
  return true;
}

Result<bool> Job::take_cached(const std::string& path) {
  const auto status = TRY(fs::status(path));
  if (status.type != fs::Type::file) return false;
  const auto digest = sha256_of_file(*io_, path);
  if (!digest) {
    // Whoever fetched it may have unpacked it and tidied up since the look.
    if (!fs::exists(path)) return false;
    return fail(digest.error());
  }
  if (*digest != artifact_->sha256) {
    TRY(fs::remove_file(path));
    return false;
  }
  result_ = Downloaded{*artifact_, path, status.size, transferred_};
  report(Progress::State::finished);
  return true;
}

// Killed between the last byte and the rename.
Result<bool> Job::finish_whole() {
  std::string got;
  if (TRY(part_->promote(got))) {
    take_result();
    return true;
  }
  TRY(part_->start_over({}));
  return false;
}

void Job::take_result() {
  result_ = Downloaded{*artifact_, part_->final_path(), part_->size(), transferred_};
  part_.reset();
  report(Progress::State::finished);
}

std::uint64_t Job::missing_bytes() const { return artifact_->size - std::min(artifact_->size, part_->size()); }

HttpRequest Job::request() {
  // A file: costs nothing to read again, and bytes without a validator cannot be gone on from.
  if (is_file() || !part_->validators().usable()) asked_from_ = 0;
  else asked_from_ = part_->size();
  trouble_ = Trouble::none;
  HttpRequest request;
  request.url = artifact_->url;
  request.resume_from = asked_from_;
  request.if_range = asked_from_ > 0 ? part_->validators().if_range() : "";
  request.allow_http = options_->allow_http;
  request.connect_seconds = options_->connect_seconds;
  request.stall_seconds = options_->stall_seconds;
  request.on_headers = [this](int status, const auto& headers) { return on_headers(status, headers); };
  request.on_body = [this](std::span<const std::byte> bytes) { return on_body(bytes); };
  return request;
}

bool Job::on_headers(int status, const std::map<std::string, std::string>& headers) {
  if (status == 206) return begin_rest(headers);
  if (status == 200 || (status == 0 && is_file())) return begin_body(headers);
  return false;  // an error page is not wanted
}

bool Job::begin_body(const std::map<std::string, std::string>& headers) {
  const auto length = length_of(headers);
  if (artifact_->size > 0 && length && *length != artifact_->size) {
    trouble_ = *length > artifact_->size ? Trouble::too_long : Trouble::too_short;
    trouble_cause_ = "got " + std::to_string(*length) + " bytes, expected " + std::to_string(artifact_->size);
    return false;
  }
  if (auto begun = part_->start_over(validators_of(headers)); !begun) {
    trouble_ = Trouble::disk;
    disk_error_ = std::move(begun).error();
    return false;
  }
  return true;
}

// The rest of what we have: exactly from where we stand, and of the very same bytes.
bool Job::begin_rest(const std::map<std::string, std::string>& headers) {
  const auto field = headers.find("content-range");
  const auto range = field == headers.end() ? std::nullopt : parse_content_range(field->second);
  const auto now = validators_of(headers);
  const auto& before = part_->validators();
  const bool same = (now.etag.empty() || now.etag == before.etag) &&
                    (now.last_modified.empty() || before.last_modified.empty() || now.last_modified == before.last_modified);
  const bool fits = range && asked_from_ > 0 && range->first == asked_from_ &&
                    (artifact_->size == 0 || !range->total || *range->total == artifact_->size);
  if (same && fits) return true;
  trouble_ = Trouble::wrong_range;
  trouble_cause_ = same ? "the server answers with another range than it was asked for" : "the file changed on the server";
  return false;
}

bool Job::on_body(std::span<const std::byte> bytes) {
  const auto limit = artifact_->size > 0 ? artifact_->size : max_unknown_size;
  if (part_->size() + bytes.size() > limit) {
    trouble_ = Trouble::too_long;
    trouble_cause_ = "got more than the expected " + std::to_string(limit) + " bytes";
    return false;
  }
  if (auto written = part_->append(bytes); !written) {
    trouble_ = Trouble::disk;
    disk_error_ = std::move(written).error();
    return false;
  }
  transferred_ += bytes.size();
  report(Progress::State::moving);
  return true;
}

std::optional<std::uint64_t> Job::take(Http::Outcome outcome, double random) {
  // Counted from the farthest point so far: a server that starts over each time must not be asked for ever.
  if (part_->size() >= farthest_ + much_progress) farthest_ = part_->size(), failures_ = 0;
  switch (trouble_) {
    case Trouble::disk: return give_up(std::move(*disk_error_));
    case Trouble::too_long: return wrong_bytes(trouble_cause_);
    case Trouble::too_short: return try_again(failure(Code::integrity, trouble_cause_), std::nullopt, random);
    case Trouble::wrong_range:
      if (!start_over()) return std::nullopt;
      return try_again(failure(Code::network, trouble_cause_), 0, 0);
    case Trouble::none: break;
  }
  if (outcome) {
    const bool body = outcome->status == 200 || outcome->status == 206 || (outcome->status == 0 && is_file());
    return body ? finish_body(random) : after_status(*outcome, random);
  }
  auto& bad = outcome.error();
  if (bad.error.code == Code::interrupted) return give_up(std::move(bad.error));
  auto error = failure(bad.error.code, join(bad.error.causes, ": "));
  error.hint = bad.error.hint;
  // A redirect's own URL is named by the transfer's sentence.
  if (error.causes.empty()) error.causes.push_back(bad.error.what);
  return bad.retryable ? try_again(std::move(error), std::nullopt, random) : give_up(std::move(error));
}

std::optional<std::uint64_t> Job::finish_body(double random) {
  if (artifact_->size > 0 && part_->size() < artifact_->size)
    return try_again(failure(Code::network, "it ended after " + std::to_string(part_->size()) + " of " +
                                                std::to_string(artifact_->size) + " bytes"),
                     std::nullopt, random);
  std::string got;
  const auto good = part_->promote(got);
  if (!good) return give_up(good.error());
  if (!*good) return wrong_bytes("got sha256 " + got + ", expected " + artifact_->sha256);
  take_result();
  return std::nullopt;
}

std::optional<std::uint64_t> Job::after_status(const HttpResponse& response, double random) {
  if (response.status == 416 && asked_from_ > 0) return after_416(random);
  auto error = failure(Code::network, "the server answers with status " + std::to_string(response.status));
  if (!is_retryable_status(response.status)) return give_up(std::move(error));
  const auto field = response.headers.find("retry-after");
  const auto wait = field == response.headers.end() ? std::nullopt : parse_retry_after(field->second, options_->now);
  return try_again(std::move(error), wait, random);
}

// "Nothing there from that byte on": either we have it all, or what we have is not that file.
std::optional<std::uint64_t> Job::after_416(double random) {
  std::string got;
  const auto good = part_->promote(got);
  if (!good) return give_up(good.error());
  if (*good) {
    take_result();
    return std::nullopt;
  }
  if (!start_over()) return std::nullopt;
  return try_again(failure(Code::network, "the server answers with status 416"), std::nullopt, random);
}

bool Job::start_over() {
  auto begun = part_->start_over({});
  if (!begun) (void)give_up(std::move(begun).error());
  return begun.has_value();
}

std::optional<std::uint64_t> Job::try_again(Error why, std::optional<std::uint64_t> retry_after_s, double random) {
  ++failures_;
  if (failures_ >= options_->tries) {
    why.causes.push_back("gave up after " + std::to_string(options_->tries) + (options_->tries == 1 ? " try" : " tries"));
    return give_up(std::move(why));
  }
  const auto delay = retry_delay(failures_ - 1, options_->base_delay_ms, retry_after_s, random);
  if (!delay) {
    why.causes.push_back("it asks to come back in " + std::to_string(*retry_after_s) + " s");
    return give_up(std::move(why));
  }
  report(Progress::State::retrying, join(why.causes, ": ") + "; next try in " + std::to_string((*delay + 999) / 1000) + " s");
  return delay;
}

std::optional<std::uint64_t> Job::wrong_bytes(std::string cause) {
  if (!start_over()) return std::nullopt;
  if (mismatched_) return give_up(failure(Code::integrity, std::move(cause)));
  mismatched_ = true;
  report(Progress::State::retrying, cause + "; trying once more");
  return 0;
}

std::optional<std::uint64_t> Job::give_up(Error error) {
  error_ = std::move(error);
  if (part_ && part_->size() == 0) part_->discard();
  part_.reset();  // lets go of the lock; the bytes stay
  return std::nullopt;
}

}  // namespace cudaenv::fetch
