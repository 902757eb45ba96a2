#include "storage/project_store.h"

#include <optional>
#include <string_view>
#include <utility>

#include "domain/big_endian.h"
#include "domain/error.h"
#include "domain/status_macros.h"

namespace kobling::storage {
namespace {

// Kinds of rows below a project id and a zero byte; the project itself sorts first.
enum RowKind : char {
  kProject = 'a',
  kCorrection = 'c',
  kKeyFile = 'k',
  kMatch = 'm',
  kSubmission = 's',
  kUsage = 'u',
  kVersion = 'v'
};

absl::Status Corrupt(std::string_view hint) {
  return domain::MakeError(domain::Reason::kRecordCorrupt, {{domain::DetailKey::kHint, hint}});
}

std::string Prefix(std::string_view project, RowKind kind) {
  std::string key(project);
  key.push_back('\0');
  key.push_back(kind);
  return key;
}

template <typename Record>
void PutNumbered(RowKind kind, const Record& record, std::uint32_t number, WriteBatch& batch) {
  std::string key = Prefix(record.project_id(), kind) + record.register_id();
  key.push_back('\0');
  domain::AppendBigEndian(key, number);
  batch.Put(Family::kProjects, key, record.SerializeAsString());
}

// Rows of the project itself, of no register.
template <typename Record>
void PutOfProject(RowKind kind, const Record& record, WriteBatch& batch) {
  std::string key = Prefix(record.project_id(), kind);
  domain::AppendBigEndian(key, record.number());
  batch.Put(Family::kProjects, key, record.SerializeAsString());
}

template <typename Record>
absl::StatusOr<Record> Parse(std::string_view bytes) {
  Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Corrupt("a stored record cannot be read");
  }
  return record;
}

template <typename Record>
absl::Status Add(std::string_view bytes, std::vector<Record>& records) {
  KOBLING_ASSIGN_OR_RETURN(Record record, Parse<Record>(bytes));
  records.push_back(std::move(record));
  return absl::OkStatus();
}

template <typename Record>
absl::StatusOr<std::map<std::string, Record>> LoadAll(const Reader& store, Family family) {
  std::map<std::string, Record> all;
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store.Scan(family, KeyRange::All()));
  for (; rows->Valid(); rows->Next()) {
    KOBLING_ASSIGN_OR_RETURN(Record record, Parse<Record>(rows->value()));
    all.emplace(std::string(rows->key()), std::move(record));
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  return all;
}

std::string LedgerKey(std::string_view actor, std::string_view request_id) {
  return std::string(actor) + '\0' + std::string(request_id);
}

std::string WrappedKeyKey(std::string_view kind, std::string_view id, std::uint32_t version) {
  std::string key = std::string(kind) + '\0' + std::string(id) + '\0';
  domain::AppendBigEndian(key, version);
  return key;
}

}  // namespace

void ProjectStore::Put(const records::ProjectRecord& project, WriteBatch& batch) {
  batch.Put(Family::kProjects, Prefix(project.id(), kProject), project.SerializeAsString());
}
void ProjectStore::Put(const records::SubmissionRecord& submission, WriteBatch& batch) {
  PutNumbered(kSubmission, submission, submission.number(), batch);
}
void ProjectStore::Put(const records::MatchRecord& match, WriteBatch& batch) {
  PutNumbered(kMatch, match, match.number(), batch);
}
void ProjectStore::Put(const records::KeyFileRecord& key_file, WriteBatch& batch) {
  PutNumbered(kKeyFile, key_file, key_file.number(), batch);
}
void ProjectStore::Put(const records::UsageRecord& usage, WriteBatch& batch) {
  PutNumbered(kUsage, usage, usage.sequence(), batch);
}

void ProjectStore::Put(const records::CaseVersionRecord& version, WriteBatch& batch) {
  PutOfProject(kVersion, version, batch);
}
void ProjectStore::Put(const records::CorrectionRecord& correction, WriteBatch& batch) {
  PutOfProject(kCorrection, correction, batch);
}

absl::StatusOr<std::map<std::string, ProjectRows>> ProjectStore::Load(const Reader& store) {
  std::map<std::string, ProjectRows> projects;
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store.Scan(Family::kProjects, KeyRange::All()));
  for (; rows->Valid(); rows->Next()) {
    const std::string_view key = rows->key();
    const std::size_t zero = key.find('\0');
    if (zero == std::string_view::npos || zero + 1 >= key.size()) {
      return Corrupt("a row of a project has a wrong key");
    }
    const std::string id(key.substr(0, zero));
    const char kind = key[zero + 1];
    if (kind == kProject) {
      KOBLING_ASSIGN_OR_RETURN(projects[id].project, Parse<records::ProjectRecord>(rows->value()));
      continue;
    }
    const auto project = projects.find(id);
    if (project == projects.end()) {
      return Corrupt("a row belongs to no project");
    }
    switch (kind) {
      case kSubmission:
        KOBLING_RETURN_IF_ERROR(Add(rows->value(), project->second.submissions));
        break;
      case kMatch:
        KOBLING_RETURN_IF_ERROR(Add(rows->value(), project->second.matches));
        break;
      case kKeyFile:
        KOBLING_RETURN_IF_ERROR(Add(rows->value(), project->second.key_files));
        break;
      case kUsage:
        KOBLING_RETURN_IF_ERROR(Add(rows->value(), project->second.usage));
        break;
      case kVersion:
        KOBLING_RETURN_IF_ERROR(Add(rows->value(), project->second.versions));
        break;
      case kCorrection:
        KOBLING_RETURN_IF_ERROR(Add(rows->value(), project->second.corrections));
        break;
      default:
        return Corrupt("a row of a project is of an unknown kind");
    }
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  return projects;
}

void RegisterStore::Put(const records::RegisterRecord& record, WriteBatch& batch) {
  batch.Put(Family::kRegisters, record.id(), record.SerializeAsString());
}

absl::StatusOr<std::map<std::string, records::RegisterRecord>> RegisterStore::Load(const Reader& store) {
  return LoadAll<records::RegisterRecord>(store, Family::kRegisters);
}

void ReservationStore::Put(const records::ReservationListRecord& record, WriteBatch& batch) {
  std::string key = record.register_id() + '\0';
  domain::AppendBigEndian(key, record.version());
  batch.Put(Family::kReservations, key, record.SerializeAsString());
}

absl::StatusOr<std::map<std::string, std::vector<records::ReservationListRecord>>> ReservationStore::Load(
    const Reader& store) {
  std::map<std::string, std::vector<records::ReservationListRecord>> lists;
  KOBLING_ASSIGN_OR_RETURN(const auto rows, store.Scan(Family::kReservations, KeyRange::All()));
  for (; rows->Valid(); rows->Next()) {
    KOBLING_ASSIGN_OR_RETURN(const auto record, Parse<records::ReservationListRecord>(rows->value()));
    std::vector<records::ReservationListRecord>& versions = lists[record.register_id()];
    if (record.version() != versions.size() + 1) {
      return Corrupt("a version of a reservation list is missing");
    }
    versions.push_back(record);
  }
  KOBLING_RETURN_IF_ERROR(rows->status());
  return lists;
}

void CallerStore::Put(std::string_view actor, const records::CallerRecord& record, WriteBatch& batch) {
  batch.Put(Family::kCallers, actor, record.SerializeAsString());
}

absl::StatusOr<std::map<std::string, records::CallerRecord>> CallerStore::Load(const Reader& store) {
  return LoadAll<records::CallerRecord>(store, Family::kCallers);
}

void RequestLedger::Put(std::string_view actor, std::string_view request_id, const records::LedgerRecord& record,
                        WriteBatch& batch) {
  batch.Put(Family::kLedger, LedgerKey(actor, request_id), record.SerializeAsString());
}

absl::StatusOr<std::optional<records::LedgerRecord>> RequestLedger::Get(const Reader& store, std::string_view actor,
                                                                        std::string_view request_id) {
  KOBLING_ASSIGN_OR_RETURN(const auto row, store.Get(Family::kLedger, LedgerKey(actor, request_id)));
  if (!row.has_value()) {
    return std::nullopt;
  }
  KOBLING_ASSIGN_OR_RETURN(auto record, Parse<records::LedgerRecord>(*row));
  return record;
}

void KeyStore::Put(std::string_view kind, std::string_view id, std::uint32_t version, std::string wrapped,
                   WriteBatch& batch) {
  batch.Put(Family::kKeys, WrappedKeyKey(kind, id, version), std::move(wrapped));
}

void KeyStore::Delete(std::string_view kind, std::string_view id, std::uint32_t version, WriteBatch& batch) {
  batch.Delete(Family::kKeys, WrappedKeyKey(kind, id, version));
}

absl::StatusOr<std::string> KeyStore::Get(const Reader& store, std::string_view kind, std::string_view id,
                                          std::uint32_t version) {
  KOBLING_ASSIGN_OR_RETURN(auto wrapped, store.Get(Family::kKeys, WrappedKeyKey(kind, id, version)));
  if (!wrapped.has_value()) {
    return domain::MakeError(domain::Reason::kKeyUnusable, {{domain::DetailKey::kHint, kind}});
  }
  return *std::move(wrapped);
}

}  // namespace kobling::storage
