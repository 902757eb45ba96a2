// Rows of projects and registers. All of them fit in memory, so that they are read once, at start.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kobling/storage/v1/records.pb.h"
#include "storage/key_value_store.h"

namespace kobling::storage {

namespace records = ::kobling::storage::v1;

// Everything that is stored of one project. Each vector is in the order of register and number.
struct ProjectRows {
  records::ProjectRecord project;
  std::vector<records::SubmissionRecord> submissions;
  std::vector<records::MatchRecord> matches;
  std::vector<records::KeyFileRecord> key_files;
  std::vector<records::UsageRecord> usage;
  std::vector<records::CaseVersionRecord> versions;    // in the order of number
  std::vector<records::CorrectionRecord> corrections;  // in the order of number
};

// Each Put writes one row, replacing the row with the same key: project, register and number (for usage: sequence).
class ProjectStore {
 public:
  static void Put(const records::ProjectRecord& project, WriteBatch& batch);
  static void Put(const records::SubmissionRecord& submission, WriteBatch& batch);
  static void Put(const records::MatchRecord& match, WriteBatch& batch);
  static void Put(const records::KeyFileRecord& key_file, WriteBatch& batch);
  static void Put(const records::UsageRecord& usage, WriteBatch& batch);
  static void Put(const records::CaseVersionRecord& version, WriteBatch& batch);
  static void Put(const records::CorrectionRecord& correction, WriteBatch& batch);

  // All projects by id. Fails with RECORD_CORRUPT if a row cannot be read or belongs to no project.
  static absl::StatusOr<std::map<std::string, ProjectRows>> Load(const Reader& store);
};

class RegisterStore {
 public:
  static void Put(const records::RegisterRecord& record, WriteBatch& batch);
  // All registers by id. Fails with RECORD_CORRUPT.
  static absl::StatusOr<std::map<std::string, records::RegisterRecord>> Load(const Reader& store);
};

// Versions of reservation lists.
class ReservationStore {
 public:
  static void Put(const records::ReservationListRecord& record, WriteBatch& batch);
  // The versions of each list, oldest first, by register; the national list has the empty id. Fails with
  // RECORD_CORRUPT, also if a version is missing.
  static absl::StatusOr<std::map<std::string, std::vector<records::ReservationListRecord>>> Load(const Reader& store);
};

// Which roles an id has ever used.
class CallerStore {
 public:
  static void Put(std::string_view actor, const records::CallerRecord& record, WriteBatch& batch);
  // All callers by id. Fails with RECORD_CORRUPT.
  static absl::StatusOr<std::map<std::string, records::CallerRecord>> Load(const Reader& store);
};

// Requests that were answered, so that a repeated one gets the same answer. Kept for the life of the database.
class RequestLedger {
 public:
  static void Put(std::string_view actor, std::string_view request_id, const records::LedgerRecord& record,
                  WriteBatch& batch);
  static absl::StatusOr<std::optional<records::LedgerRecord>> Get(const Reader& store, std::string_view actor,
                                                                  std::string_view request_id);
};

// Wrapped keys. The kind is "person", "project" and so on; the id is the project's, empty for a service key.
class KeyStore {
 public:
  static void Put(std::string_view kind, std::string_view id, std::uint32_t version, std::string wrapped,
                  WriteBatch& batch);
  static void Delete(std::string_view kind, std::string_view id, std::uint32_t version, WriteBatch& batch);
  // Fails with KEY_UNUSABLE if there is no such key.
  static absl::StatusOr<std::string> Get(const Reader& store, std::string_view kind, std::string_view id,
                                         std::uint32_t version);
};

}  // namespace kobling::storage
