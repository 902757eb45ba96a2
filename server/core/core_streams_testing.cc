// The streams of the fixture: what a register sends and fetches.
#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>

#include "absl/strings/str_split.h"
#include "crypto/age.h"
#include "crypto/random.h"
#include "server/core/core_testing.h"

namespace kobling::server {
namespace {

using domain::Lopenummer;
using domain::NationalId;

class BytesSource final : public crypto::ByteSource {
 public:
  explicit BytesSource(std::string_view bytes) : rest_(bytes) {}
  absl::StatusOr<std::size_t> Read(std::span<std::uint8_t> out) override {
    const std::size_t count = std::min(out.size(), rest_.size());
    std::memcpy(out.data(), rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view rest_;
};

std::string Pack(const std::vector<std::string>& rows, std::size_t begin, std::size_t end, std::size_t width) {
  std::string packed;
  for (std::size_t i = begin; i < end; ++i) {
    packed += rows[i].empty() ? std::string(width, '\0') : rows[i];
  }
  return packed;
}

}  // namespace

Streamed<api::SubmitResponse> TestCore::Submit(const std::string& project, const std::string& register_id,
                                               const Columns& columns, const SubmitOptions& options) {
  Streamed<api::SubmitResponse> result;
  const Call call = Register(register_id, "PopulationService/Submit");
  api::SubmitHeader header;
  header.set_request_id(options.request_id.empty() ? crypto::NewRequestId() : options.request_id);
  header.set_project_id(project);
  header.set_refuse_invalid(options.refuse_invalid);
  header.set_dry_run(options.dry_run);
  api::SubmitCommit commit;
  for (std::size_t column = 0; column < columns.size(); ++column) {
    header.add_columns("kolonne " + std::to_string(column));
    commit.add_rows_per_column(columns[column].size());
  }
  commit.set_kept_back(static_cast<std::uint64_t>(std::count(columns[0].begin(), columns[0].end(), "")));
  auto stream = SubmissionStream::Begin(*core_, call, {rules_, rows_in_use_}, header);
  if (!stream.ok()) {
    result.response = stream.status();
    return result;
  }
  for (std::size_t column = 0; column < columns.size(); ++column) {
    // Two batches, so that positions are counted over both.
    const std::size_t half = columns[column].size() / 2;
    for (const auto& [begin, end] : {std::pair(std::size_t{0}, half), std::pair(half, columns[column].size())}) {
      if (begin == end) {
        continue;
      }
      api::IdentifierBatch batch;
      batch.set_first_row(begin);
      batch.set_column(static_cast<std::uint32_t>(column));
      batch.set_identifiers(Pack(columns[column], begin, end, NationalId::kLength));
      if (const absl::Status added = (*stream)->Add(batch, result.faults); !added.ok()) {
        result.response = added;
        return result;
      }
    }
  }
  result.response = (*stream)->Commit(commit);
  return result;
}

Streamed<api::MatchResponse> TestCore::Match(const std::string& project, const std::string& register_id,
                                             const std::vector<std::string>& rows) {
  return Match(project, register_id, rows, crypto::NewRequestId());
}

Streamed<api::MatchResponse> TestCore::Match(const std::string& project, const std::string& register_id,
                                             const std::vector<std::string>& rows, const std::string& request_id) {
  Streamed<api::MatchResponse> result;
  api::MatchHeader header;
  header.set_request_id(request_id);
  header.set_project_id(project);
  auto stream =
      MatchStream::Begin(*core_, Register(register_id, "KeyFileService/Match"), {rules_, rows_in_use_}, header);
  if (!stream.ok()) {
    result.response = stream.status();
    return result;
  }
  api::IdentifierBatch batch;
  batch.set_identifiers(Pack(rows, 0, rows.size(), NationalId::kLength));
  if (const absl::Status added = (*stream)->Add(batch, result.faults); !added.ok()) {
    result.response = added;
    return result;
  }
  if (before_match_commit) {
    before_match_commit();
  }
  api::MatchCommit commit;
  commit.set_rows(rows.size());
  result.response = (*stream)->Commit(commit);
  return result;
}

Streamed<api::LoadReservationsResponse> TestCore::LoadReservations(const std::string& register_id,
                                                                   api::ReservationMode mode,
                                                                   const std::vector<std::string>& people,
                                                                   const std::string& list_date) {
  Streamed<api::LoadReservationsResponse> result;
  api::ReservationHeader header;
  header.set_request_id(crypto::NewRequestId());
  header.set_mode(mode);
  header.set_list_date(list_date);
  header.set_legal_reference("EHDS art. 71");
  const std::string method = "ReservationService/LoadReservations";
  const Call call =
      register_id.empty() ? By(Role::kIdentityFeed, "folkeregister.feed", method) : Register(register_id, method);
  auto stream = ReservationStream::Begin(*core_, call, {rules_, rows_in_use_}, header);
  if (!stream.ok()) {
    result.response = stream.status();
    return result;
  }
  if (!people.empty()) {
    api::IdentifierBatch batch;
    batch.set_identifiers(Pack(people, 0, people.size(), NationalId::kLength));
    if (const absl::Status added = (*stream)->Add(batch, result.faults); !added.ok()) {
      result.response = added;
      return result;
    }
  }
  api::ReservationCommit commit;
  commit.set_rows(people.size());
  result.response = (*stream)->Commit(commit);
  return result;
}

Streamed<api::ImportSeriesResponse> TestCore::ImportSeries(const std::string& register_id,
                                                           const api::ImportSeriesHeader& header, const Series& rows) {
  Streamed<api::ImportSeriesResponse> result;
  auto stream =
      SeriesImport::Begin(*core_, Register(register_id, "ImportService/ImportSeries"), {rules_, rows_in_use_}, header);
  if (!stream.ok()) {
    result.response = stream.status();
    return result;
  }
  // Two batches, so that positions are counted over both.
  const std::size_t half = rows.size() / 2;
  for (const auto& [begin, end] : {std::pair(std::size_t{0}, half), std::pair(half, rows.size())}) {
    if (begin == end) {
      continue;
    }
    api::SeriesBatch batch;
    batch.set_first_row(begin);
    for (std::size_t i = begin; i < end; ++i) {
      *batch.mutable_identifiers() += rows[i].first.empty() ? std::string(NationalId::kLength, '\0') : rows[i].first;
      batch.add_numbers(rows[i].second);
    }
    if (const absl::Status added = (*stream)->Add(batch, result.faults); !added.ok()) {
      result.response = added;
      return result;
    }
  }
  api::ImportSeriesCommit commit;
  commit.set_rows(rows.size());
  result.response = (*stream)->Commit(commit, [&](std::span<const api::RowFault> late) {
    result.faults.insert(result.faults.end(), late.begin(), late.end());
    return absl::OkStatus();
  });
  return result;
}

Streamed<api::ReportResponse> TestCore::Report(const api::ReportHeader& header,
                                               const std::vector<std::string>& lopenumre) {
  return ReportBy("NPR", header, lopenumre);
}

Streamed<api::ReportResponse> TestCore::ReportBy(const std::string& register_id, const api::ReportHeader& header,
                                                 const std::vector<std::string>& lopenumre) {
  Streamed<api::ReportResponse> result;
  auto stream = UsageStream::Begin(*core_, Register(register_id, "UsageService/Report"), rows_in_use_, header);
  if (!stream.ok()) {
    result.response = stream.status();
    return result;
  }
  if (!lopenumre.empty()) {
    api::LopenummerBatch batch;
    batch.set_lopenumre(Pack(lopenumre, 0, lopenumre.size(), Lopenummer::kLength));
    if (const absl::Status added = (*stream)->Add(batch, result.faults); !added.ok()) {
      result.response = added;
      return result;
    }
  }
  api::ReportCommit commit;
  commit.set_rows(lopenumre.size());
  result.response = (*stream)->Commit(commit, [&](std::span<const api::RowFault> late) {
    result.faults.insert(result.faults.end(), late.begin(), late.end());
    return absl::OkStatus();
  });
  return result;
}

absl::StatusOr<std::string> TestCore::Fetch(const std::string& project, const std::string& register_id,
                                            std::uint32_t number, std::uint64_t offset) const {
  api::FetchKeyFileRequest request;
  request.set_project_id(project);
  request.set_number(number);
  request.set_offset(offset);
  std::string bytes;
  KOBLING_RETURN_IF_ERROR(key_files_->Fetch(Register(register_id, "KeyFileService/FetchKeyFile"), request,
                                            [&](const api::FetchKeyFileResponse& part) {
                                              bytes += part.data();
                                              return absl::OkStatus();
                                            }));
  return bytes;
}

OpenKeyFile TestCore::FetchAndOpen(const std::string& project, const std::string& register_id, std::uint32_t number) {
  const std::string sealed = Fetch(project, register_id, number, 0).value();
  api::GetKeyFileRequest request;
  request.set_project_id(project);
  request.set_number(number);
  const api::KeyFile record = key_files_->Get(Register(register_id, "KeyFileService/GetKeyFile"), request).value();
  EXPECT_EQ(record.sealed_bytes(), sealed.size());
  crypto::MinisignHasher hasher;
  hasher.Update(std::span(reinterpret_cast<const std::uint8_t*>(sealed.data()), sealed.size()));
  const std::string comment =
      crypto::VerifyMinisig(keys_->signer.public_key(), hasher.Finish(), record.signature()).value();

  BytesSource source(sealed);
  const auto reader = crypto::AgeReader::Open(source, identities_of_registers_.at(register_id), *arena_).value();
  OpenKeyFile file{{}, {}, {}, {}, crypto::ParseKeyFileComment(comment).value(), sealed};
  std::array<std::uint8_t, 1000> buffer;
  while (true) {
    const std::size_t count = reader->Read(buffer).value();
    if (count == 0) {
      break;
    }
    file.text.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
  std::istringstream lines(file.text);
  std::string line;
  const bool is_delta = file.comment.kind == crypto::KeyFileKind::kDelta;
  const bool is_correction = file.comment.kind == crypto::KeyFileKind::kCorrection;
  EXPECT_TRUE(std::getline(lines, line));
  EXPECT_EQ(line, is_correction ? "fodselsnummer;old_lopenummer;new_lopenummer;date;cause"
                  : is_delta    ? "fodselsnummer;lopenummer;change"
                                : "fodselsnummer;lopenummer");
  constexpr std::size_t kRowLength = NationalId::kLength + 1 + Lopenummer::kLength;
  while (std::getline(lines, line)) {
    if (is_correction) {
      file.corrected.push_back(absl::StrSplit(line, ';'));
      continue;
    }
    const std::string change = line.substr(std::min(line.size(), kRowLength));
    EXPECT_TRUE(is_delta ? change == ";added" || change == ";withdrawn" : change.empty()) << change;
    EXPECT_EQ(line[NationalId::kLength], ';');
    (change == ";withdrawn" ? file.withdrawn : file.rows)
        .emplace_back(line.substr(0, NationalId::kLength), line.substr(NationalId::kLength + 1, Lopenummer::kLength));
  }
  return file;
}

api::IdentityEvent TestCore::Event(api::IdentityEventKind kind, const std::vector<std::string>& identifiers,
                                   const std::string& other, const std::string& date) {
  api::IdentityEvent event;
  event.set_kind(kind);
  for (const std::string& identifier : identifiers) {
    event.add_identifiers(identifier);
  }
  event.set_other(other);
  event.set_effective_date(date);
  return event;
}

absl::StatusOr<api::ImportEventsResponse> TestCore::Feed(std::vector<api::IdentityEvent> events) {
  std::uint64_t next = identities_->version();
  for (api::IdentityEvent& event : events) {
    event.set_sequence(++next);
  }
  return FeedAsTheyAre(events);
}

absl::StatusOr<api::ImportEventsResponse> TestCore::FeedAsTheyAre(const std::vector<api::IdentityEvent>& events,
                                                                  const api::ImportEventsHeader& header,
                                                                  std::size_t batch_events) {
  const Call call = By(Role::kIdentityFeed, "folkeregisteret", "IdentityService/ImportEvents");
  KOBLING_ASSIGN_OR_RETURN(const auto feed, IdentityFeed::Begin(*core_, call, rules_, header));
  for (std::size_t begin = 0; begin < events.size(); begin += batch_events) {
    api::IdentityEventBatch batch;
    for (std::size_t i = begin; i < std::min(begin + batch_events, events.size()); ++i) {
      *batch.add_events() = events[i];
    }
    KOBLING_RETURN_IF_ERROR(feed->Add(batch));
  }
  api::ImportEventsCommit commit;
  commit.set_events(events.size());
  return feed->Commit(commit);
}

}  // namespace kobling::server
