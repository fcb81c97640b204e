// The private result channel: one line a record, `<nonce> key=value`, written at once, so that what was known
// before a driver hung, crashed or called exit is not lost. Only these lines count, never an exit status.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cudaenv::probe {

/// Takes the descriptor and the nonce. False when the descriptor is not open. It becomes close-on-exec.
[[nodiscard]] bool open_records(int fd, const char* nonce);

/// Control characters and `%` of the value become %XX; a value is cut at 2,000 bytes. Nothing is written once
/// the descriptor is no longer the file it was: a driver may have closed it and opened a device there.
void record(const char* key, const char* value);
void record_number(const char* key, std::int64_t value);
/// Keys like "device.0.name".
void record_at(const char* key, int index, const char* field, const char* value);
void record_number_at(const char* key, int index, const char* field, std::int64_t value);
/// What is tried next: names the place where a driver hung or died. The devices'
/// own stages are records gpu.<index>.stage.
void record_stage(const char* stage);
/// Milliseconds since `since` (of now_ms) under `key`.
void record_elapsed(const char* key, double since);
void record_elapsed_at(const char* key, int index, const char* field, double since);
[[nodiscard]] double now_ms();

}  // namespace cudaenv::probe
