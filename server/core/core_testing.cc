#include "server/core/core_testing.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "crypto/random.h"
#include "domain/national_id_maker.h"
#include "server/core/dates.h"

namespace kobling::server {
namespace {

using domain::Lopenummer;

using KeyBytes = std::array<std::uint8_t, crypto::SecretKey::kBytes>;

KeyBytes CountingFrom(std::uint8_t first) {
  KeyBytes bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(first + i);
  }
  return bytes;
}

const KeyBytes kPersonKey = CountingFrom(0x20);
const KeyBytes kSubjectKey = CountingFrom(0x40);
const KeyBytes kIndexKey = CountingFrom(0x60);  // decides which of several strangers gets the lowest number
KeyBytes ProjectKey(const std::string& project) {
  return CountingFrom(static_cast<std::uint8_t>(0x80 + project.back()));
}

crypto::KeyEncryptionKey Kek(crypto::SecretArena& arena) {
  return crypto::KeyEncryptionKey(crypto::SecretKey::CopyOf(arena, CountingFrom(1)).value());
}

void PutKey(crypto::SecretArena& arena, const crypto::KeyLabel& label, const KeyBytes& bytes,
            storage::WriteBatch& batch) {
  const crypto::SecretKey key = crypto::SecretKey::CopyOf(arena, bytes).value();
  storage::KeyStore::Put(label.kind, label.id, label.version, Kek(arena).Wrap(key, label).value(), batch);
}

crypto::Digest Mac(const KeyBytes& key, std::string_view label, std::string_view message) {
  const std::string all = std::string(label) + '\0' + std::string(message);
  return crypto::MacOnce(key, std::span(reinterpret_cast<const std::uint8_t*>(all.data()), all.size()));
}

std::string UidOf(const std::string& person) {
  const crypto::Digest digest = Mac(kPersonKey, "kobling/v1/person", person);
  return {digest.begin(), digest.begin() + 16};
}

std::string Describe(const StateData& state) {
  std::string text;
  for (const auto& [id, record] : state.registers) {
    text += record.ShortDebugString() + '\n';
  }
  for (const auto& [id, record] : state.callers) {
    text += id + ' ' + record.ShortDebugString() + '\n';
  }
  for (const auto& [id, project] : state.projects) {
    text += project.rows.project.ShortDebugString() + '\n';
    const auto add = [&](const auto& rows) {
      for (const auto& row : rows) {
        text += row.ShortDebugString() + '\n';
      }
    };
    add(project.rows.submissions);
    add(project.rows.matches);
    add(project.rows.key_files);
    add(project.rows.usage);
    add(project.rows.corrections);
    add(project.rows.versions);
    text += project.index.toString() + ' ' + project.relatives.toString() + ' ' + project.former.toString() + '\n';
  }
  for (const auto& [id, list] : state.reservations) {
    for (const records::ReservationListRecord& version : list.versions) {
      text += version.ShortDebugString() + '\n';
    }
    text += list.identifiers.toString() + '\n';
  }
  return text;
}

ServerConfig ForTrial(ServerConfig config) {
  config.accepted_series = domain::AcceptedSeries::Trial();
  return config;
}

}  // namespace

absl::Status FaultyStore::Commit(const storage::WriteBatch& batch) {
  if (failure_.has_value()) {
    return domain::MakeError(*failure_);
  }
  if (commits_left_.has_value() && --*commits_left_ < 0) {
    failure_ = domain::Reason::kStorageUnavailable;
    if (last_ == LastCommit::kIsWritten) {
      EXPECT_THAT(memory_.Commit(batch), IsOk());
    }
    return domain::MakeError(*failure_);
  }
  ++commits_;
  return memory_.Commit(batch);
}

std::string Person(std::size_t n) {
  static const std::vector<std::string>* const people = [] {
    auto* made = new std::vector<std::string>();  // lives as long as the program
    domain::NationalIdParts parts;
    for (parts.month = 1; parts.month <= 12; ++parts.month) {
      for (parts.individual = 0; parts.individual < 1000; ++parts.individual) {
        if (const auto id = domain::MakeValid(parts); id.has_value()) {
          const auto digits = id->digits();
          made->emplace_back(digits.data(), digits.size());
        }
      }
    }
    return made;
  }();
  return people->at(n);
}

std::vector<std::string> People(std::size_t begin, std::size_t end) {
  std::vector<std::string> people;
  for (std::size_t n = begin; n < end; ++n) {
    people.push_back(Person(n));
  }
  return people;
}

api::Source Defining(const std::string& register_id) {
  api::Source source;
  source.set_register_id(register_id);
  source.set_defines_population(true);
  source.set_scope(api::SCOPE_OWN);
  source.set_legal_reference("helseregisterloven § 19 e");
  return source;
}

api::Source Intersecting(const std::string& register_id) {
  api::Source source = Defining(register_id);
  source.set_defines_population(false);
  source.set_scope(api::SCOPE_INTERSECTION);
  return source;
}

api::Source WholePopulation(const std::string& register_id) {
  api::Source source = Intersecting(register_id);
  source.set_scope(api::SCOPE_POPULATION);
  source.set_scope_reason("registeret har ingen egen liste");
  return source;
}

api::ProjectCase FullCase(const std::vector<api::Source>& sources) {
  api::ProjectCase project_case;
  project_case.set_title("Hofteprotese og overlevelse");
  project_case.set_purpose("Vi undersøker hvordan det går med dem som får ny hofte.");
  project_case.set_purpose_kind(api::PURPOSE_KIND_RESEARCH);
  project_case.set_data_user("Universitetet i Eksempel, professor Eksempel");
  project_case.set_decision_reference("26/1234-5");
  project_case.set_decision_date("2026-10-01");
  project_case.set_legal_basis("§§ 4 og 5, REK 2026/77");
  project_case.set_linkage_performer(api::LINKAGE_PERFORMER_DATA_USER);
  for (const api::Source& source : sources) {
    *project_case.add_sources() = source;
  }
  project_case.set_approved_persons(1000);
  project_case.set_start_date("2026-11-01");
  project_case.set_end_date("2027-11-01");
  project_case.set_deletion_date("2030-01-01");
  project_case.set_contact("kontakt@universitet.example");
  project_case.set_analysis_room("TSD");
  project_case.set_title_nynorsk("Hofteprotese og overleving");
  project_case.set_title_english("Hip replacement and survival");
  project_case.set_purpose_nynorsk("Vi undersøkjer korleis det går med dei som får ny hofte.");
  project_case.set_purpose_english("We study how people fare after a hip replacement.");
  return project_case;
}

std::string DetailOf(const absl::Status& status, std::string_view name) {
  for (const auto& [key, value] : domain::DetailsOf(status)) {
    if (key == name) {
      return value;
    }
  }
  return {};
}

TestCore::TestCore(ServerConfig config)
    : config_(ForTrial(std::move(config))),
      rules_(config_.accepted_series),
      rows_in_use_(config_.limits.max_total_stream_rows),
      folder_(temporary_.path()),
      arena_(crypto::SecretArena::Create(32 * 1024).value()) {
  storage::WriteBatch batch;
  EXPECT_THAT(ServiceKeys::Create(Kek(*arena_), *arena_, batch), IsOk());
  PutKey(*arena_, {"person", "", 1}, kPersonKey, batch);
  PutKey(*arena_, {"subject", "", 1}, kSubjectKey, batch);
  PutKey(*arena_, {"index", "", 1}, kIndexKey, batch);
  EXPECT_THAT(store_.Commit(batch), IsOk());
  Open();
}

void TestCore::Open() {
  keys_ = std::make_unique<ServiceKeys>(ServiceKeys::Load(store_, Kek(*arena_), *arena_).value());
  directory_ = storage::Directory::Open(store_, std::move(*keys_->index), std::move(*keys_->identifiers)).value();
  identities_ = std::make_unique<storage::IdentityMap>();
  identity_log_ = std::make_unique<storage::IdentityLog>(store_, std::move(*keys_->identity));
  EXPECT_THAT(identity_log_->Load(*identities_), IsOk());
  sets_ = std::make_unique<storage::SetStore>(store_, std::move(*keys_->set_digest), std::move(*keys_->sets));
  events_ = storage::EventLog::Open(store_).value();
  std::filesystem::create_directory(published_folder());
  publisher_ = LogPublisher::Open({.folder = published_folder(),
                                   .origin = "kobling.example/log",
                                   .store = store_,
                                   .key = keys_->log_signer,
                                   .clock = clock_})
                   .value();
  state_ = State::Load(store_, *sets_).value();
  committer_ = std::make_unique<Committer>(store_, *events_, *state_, clock_,
                                           [this](const absl::Status& status) { failures_.push_back(status); });
  core_ = std::make_unique<Core>(Core{config_, clock_, store_, *keys_, *directory_, *sets_, *identities_,
                                      *identity_log_, *publisher_, *state_, *committer_});
  key_files_ = std::make_unique<KeyFiles>(*core_, folder_);
}

void TestCore::Restart() {
  key_files_.reset();
  core_.reset();
  committer_.reset();
  state_.reset();
  events_.reset();
  sets_.reset();
  directory_.reset();
  keys_.reset();
  Open();
}

Call TestCore::By(Role role, std::string_view id, std::string_view method) const {
  const domain::MethodPolicy* const policy = domain::FindMethod("/kobling.v1." + std::string(method));
  EXPECT_NE(policy, nullptr) << method;
  EXPECT_TRUE(policy->roles.contains(role)) << method << " is not for " << NameOf(role);
  return Call{Caller{role, domain::ActorId::Parse(id).value()}, policy};
}

void TestCore::AddRegister(const std::string& id) {
  if (core_->state.Read()->registers.contains(id)) {
    return;
  }
  api::AddRegisterRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.mutable_register_()->set_id(id);
  request.mutable_register_()->set_kind("kvalitetsregister");
  request.mutable_register_()->set_inclusion_reference("§ 3");
  request.mutable_register_()->set_inclusion_date("2025-01-01");
  request.mutable_register_()->set_name("Register " + id);
  request.mutable_register_()->set_controller("Eier av " + id);
  ASSERT_THAT(registers().Add(Caseworker("RegisterService/AddRegister"), request), IsOk());
}

api::RecipientKey TestCore::EnrolKey(const std::string& register_id) {
  crypto::AgeIdentity identity = crypto::AgeIdentity::Generate(*arena_).value();
  api::SubmitRecipientKeyRequest submit;
  submit.set_request_id(crypto::NewRequestId());
  submit.set_recipient(identity.recipient().text());
  const api::RecipientKey key =
      registers().SubmitKey(Register(register_id, "RegisterService/SubmitRecipientKey"), submit).value();
  api::ApproveRecipientKeyRequest approve;
  approve.set_request_id(crypto::NewRequestId());
  approve.set_register_id(register_id);
  approve.set_number(key.number());
  approve.set_fingerprint(identity.recipient().Fingerprint());
  identities_of_registers_.insert_or_assign(register_id, std::move(identity));
  return registers().ApproveKey(Officer("RegisterService/ApproveRecipientKey"), approve).value();
}

std::string TestCore::Draft(const api::ProjectCase& project_case) {
  for (const api::Source& source : project_case.sources()) {
    AddRegister(source.register_id());
  }
  api::CreateProjectRequest request;
  request.set_request_id(crypto::NewRequestId());
  *request.mutable_project_case() = project_case;
  return projects().Create(Caseworker("ProjectService/CreateProject"), request).value().id();
}

std::string TestCore::ActiveProject(const std::vector<api::Source>& sources) {
  return ActiveProject(FullCase(sources));
}

std::string TestCore::ActiveProject(const api::ProjectCase& project_case) {
  const std::string id = Draft(project_case);
  for (const api::Source& source : project_case.sources()) {
    if (!identities_of_registers_.contains(source.register_id())) {
      EnrolKey(source.register_id());
    }
  }
  api::MarkReadyRequest ready;
  ready.set_request_id(crypto::NewRequestId());
  ready.set_project_id(id);
  EXPECT_THAT(projects().MarkReady(Caseworker("ProjectService/MarkReady"), ready), IsOk());
  api::ActivateProjectRequest activate;
  activate.set_request_id(crypto::NewRequestId());
  activate.set_project_id(id);
  EXPECT_THAT(projects().Activate(Officer("ProjectService/ActivateProject"), activate), IsOk());
  if (project_case.series_origin().empty()) {
    storage::WriteBatch batch;
    PutKey(*arena_, {"project", id, 1}, ProjectKey(id), batch);
    EXPECT_THAT(store_.Commit(batch), IsOk());
  }
  return id;
}

void TestCore::SubmitAll(const std::string& project, const std::string& register_id,
                         const std::vector<std::string>& people) {
  ASSERT_THAT(Submit(project, register_id, {people}).response, IsOk());
}

void TestCore::Complete(const std::string& project, const std::string& register_id) {
  api::CompletePopulationRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  ASSERT_THAT(population().Complete(Register(register_id, "PopulationService/CompletePopulation"), request), IsOk());
}

void TestCore::Reopen(const std::string& project, const std::string& register_id) {
  auto request = About<api::ReopenSourceRequest>(project);
  request.set_register_id(register_id);
  EXPECT_THAT(projects().ReopenSource(Officer("ProjectService/ReopenSource"), request), IsOk());
}

void TestCore::WithdrawSubmission(const std::string& project, const std::string& register_id, std::uint32_t number) {
  auto request = About<api::WithdrawSubmissionRequest>(project);
  request.set_number(number);
  EXPECT_THAT(population().Withdraw(Register(register_id, "PopulationService/WithdrawSubmission"), request), IsOk());
}

void TestCore::OpenWindow(const std::string& project, const std::string& register_id, std::uint64_t max_rows) {
  api::OpenMatchRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  request.set_register_id(register_id);
  request.set_max_rows(max_rows);
  ASSERT_THAT(matches().Open(Officer("KeyFileService/OpenMatch"), request), IsOk());
}

absl::StatusOr<api::KeyFile> TestCore::TryIssue(const std::string& project, const std::string& register_id,
                                                std::uint32_t since) const {
  api::IssueKeyFileRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  request.set_register_id(register_id);
  request.set_since(since);
  return key_files_->Issue(Officer("KeyFileService/IssueKeyFile"), request);
}

absl::StatusOr<api::KeyFile> TestCore::TryIssueCorrection(const std::string& project,
                                                          const std::string& register_id) const {
  api::IssueKeyFileRequest request;
  request.set_request_id(crypto::NewRequestId());
  request.set_project_id(project);
  request.set_register_id(register_id);
  request.set_correction(true);
  return key_files_->Issue(Officer("KeyFileService/IssueKeyFile"), request);
}

api::KeyFile TestCore::IssueCorrection(const std::string& project, const std::string& register_id) {
  const auto issued = TryIssueCorrection(project, register_id);
  EXPECT_THAT(issued, IsOk());
  return issued.ok() ? *issued : api::KeyFile();
}

api::Correction TestCore::Correct(const std::string& project) {
  const auto proposed = corrections().Propose(Officer("CorrectionService/ProposeCorrection"),
                                              About<api::ProposeCorrectionRequest>(project));
  EXPECT_THAT(proposed, IsOk());
  if (!proposed.ok()) {
    return {};
  }
  auto request = About<api::ConfirmCorrectionRequest>(project);
  request.set_number(proposed->number());
  const auto confirmed =
      corrections().Confirm(By(Role::kKeyOfficer, "nina.nokkel", "CorrectionService/ConfirmCorrection"), request);
  EXPECT_THAT(confirmed, IsOk());
  return confirmed.ok() ? *confirmed : api::Correction();
}

api::KeyFile TestCore::Issue(const std::string& project, const std::string& register_id, std::uint32_t since) {
  const auto issued = TryIssue(project, register_id, since);
  EXPECT_THAT(issued, IsOk());
  return issued.ok() ? *issued : api::KeyFile();
}

api::ReportHeader TestCore::Header(const std::string& project, std::uint32_t key_file,
                                   const std::string& reference) const {
  api::ReportHeader header;
  header.set_request_id(crypto::NewRequestId());
  header.set_project_id(project);
  header.set_key_file_number(key_file);
  header.set_delivery_reference(reference);
  header.set_delivered_on(DateText(DayOf(clock_.Now())));
  header.set_recipient("Universitetet i Eksempel");
  return header;
}

std::string TestCore::ExpectedLopenummer(const std::string& project, const std::string& person) const {
  const crypto::Digest digest = Mac(ProjectKey(project), "kobling/v1/lopenummer", UidOf(person));
  Lopenummer::Bits bits;
  std::copy_n(digest.begin(), bits.size(), bits.begin());
  std::array<char, Lopenummer::kLength> text;
  Lopenummer(bits).CopyText(text);
  return {text.begin(), text.end()};
}

std::string TestCore::ExpectedSubject(const std::string& person) const {
  const crypto::Digest digest = Mac(kSubjectKey, "kobling/v1/subject", UidOf(person));
  return {digest.begin(), digest.begin() + 16};
}

std::vector<transparency::Event> TestCore::Events() const {
  std::vector<transparency::Event> events;
  EXPECT_THAT(storage::EventLog::ForEach(store_, 0,
                                         [&](std::uint64_t index, const transparency::Event& event) {
                                           EXPECT_EQ(index, events.size());
                                           events.push_back(event);
                                           return true;
                                         }),
              IsOk());
  return events;
}

std::vector<std::string> TestCore::FilesInFolder() const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(temporary_.path())) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string TestCore::StoredState() const { return Describe(*State::Load(store_, *sets_).value()->Read()); }
std::string TestCore::StateInMemory() const { return Describe(*state_->Read()); }

std::string TestCore::StoredBytes() const {
  std::string bytes;
  for (const storage::Family family : storage::kAllFamilies) {
    const auto rows = store_.Scan(family, storage::KeyRange::All()).value();
    for (; rows->Valid(); rows->Next()) {
      bytes += std::string(rows->key()) + '|' + std::string(rows->value()) + '|';
    }
  }
  return bytes;
}

}  // namespace kobling::server
