// The identifiers of one submission or match, as they arrive: checked, looked up, and kept as numbers.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "domain/error.h"
#include "domain/national_id.h"
#include "kobling/v1/common.pb.h"
#include "storage/directory.h"
#include "storage/identity_map.h"

namespace kobling::server {

namespace api = ::kobling::v1;

// Rows that all open streams together may hold. Safe for concurrent use.
class StreamRows {
 public:
  explicit StreamRows(std::uint64_t limit) : limit_(limit) {}
  // False if the rows would pass the limit; nothing is taken then.
  bool Take(std::uint64_t rows);
  void Return(std::uint64_t rows) { in_use_ -= rows; }

  // Held by work that needs memory for everybody in a key file, however few rows a stream has: one at a time.
  std::mutex& everybody() { return everybody_; }

 private:
  std::mutex everybody_;
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> in_use_{0};
};

// An identifier without a number, and in which columns it stood.
struct Stranger {
  storage::NewIdentifier entry;
  bool in_index;
  bool in_relatives;
};

// What a stream held, sorted and distinct.
struct StreamedIdentifiers {
  storage::NumberSet index;
  storage::NumberSet relatives;     // without those in `index`
  std::vector<Stranger> strangers;  // by tag
  api::StreamCounts counts;
};

// Looks strangers up again: those that got a number meanwhile move into the sets, and the counts follow. Called once
// more inside the commit, where no other stream can give out numbers.
void ResolveStrangers(const storage::Directory& directory, StreamedIdentifiers& stream);

struct StreamLimits {
  std::uint64_t max_rows;
  std::uint32_t columns;
  // If set, an identifier that no event has told of is refused (IDENTIFIER_NOT_FOUND).
  const storage::IdentityMap* catalogue = nullptr;
};

// For one stream and one thread. Holds 4 bytes for a known identifier and 24 for an unknown one; nothing is stored
// anywhere.
class IdentifierStream {
 public:
  static constexpr std::size_t kMaxBatchRows = 50'000;

  IdentifierStream(const storage::Directory& directory, const domain::NationalIdRules& rules, StreamRows& rows_in_use,
                   StreamLimits limits);
  ~IdentifierStream();
  IdentifierStream(const IdentifierStream&) = delete;
  IdentifierStream& operator=(const IdentifierStream&) = delete;

  // Takes a batch and adds its faults. Fails with STREAM_PROTOCOL if rows are missing or the column is none of the
  // header's, MESSAGE_TOO_LARGE, TOO_MANY_ROWS (this stream) or SERVER_BUSY (all streams together).
  absl::Status Add(const api::IdentifierBatch& batch, std::vector<api::RowFault>& faults);

  // Rows taken so far from a column, kept-back ones included.
  std::uint64_t rows(std::uint32_t column) const { return rows_[column]; }
  std::uint64_t total_rows() const { return total_rows_; }
  std::uint64_t faulty_rows() const { return faulty_rows_; }
  std::uint64_t kept_back_index_rows() const { return kept_back_[0]; }

  // Ends the stream: sorts, resolves and counts. To be called once.
  StreamedIdentifiers Finish();

 private:
  void AddFault(std::uint64_t row, std::uint32_t column, domain::Reason reason, std::vector<api::RowFault>& faults);

  struct Role {
    std::vector<std::uint32_t> known;
    std::vector<storage::NewIdentifier> unknown;
  };

  const storage::Directory& directory_;
  const domain::NationalIdRules& rules_;
  StreamRows& rows_in_use_;
  const StreamLimits limits_;
  std::vector<std::uint64_t> rows_;
  std::vector<std::uint64_t> kept_back_;
  std::uint64_t total_rows_ = 0;
  std::uint64_t faulty_rows_ = 0;
  std::uint64_t valid_index_rows_ = 0;
  std::map<domain::Reason, std::uint64_t> faults_;
  Role index_;
  Role relatives_;
  // Scratch space, kept between batches.
  std::vector<domain::NationalId> identifiers_;
  std::vector<crypto::Tag> tags_;
  std::vector<std::uint32_t> numbers_;
  std::vector<std::uint64_t> positions_;
  std::vector<bool> known_;
};

}  // namespace kobling::server
