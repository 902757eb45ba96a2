#include "server/application.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "crypto/kek_file.h"
#include "crypto/key_wrap.h"
#include "crypto/random.h"
#include "crypto/secret_memory.h"
#include "crypto/self_test.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "grpcpp/server.h"
#include "server/core/core.h"
#include "server/core/key_file_folder.h"
#include "server/core/log_publisher.h"
#include "server/core/service_keys.h"
#include "server/core/witness_client.h"
#include "server/runtime/files.h"
#include "server/runtime/tls.h"
#include "server/services/audit_service.h"
#include "server/services/correction_service.h"
#include "server/services/grpc_server.h"
#include "server/services/health_service.h"
#include "server/services/identity_service.h"
#include "server/services/import_service.h"
#include "server/services/insight_service.h"
#include "server/services/key_file_service.h"
#include "server/services/operator_service.h"
#include "server/services/pipeline.h"
#include "server/services/population_service.h"
#include "server/services/project_service.h"
#include "server/services/register_service.h"
#include "server/services/reservation_service.h"
#include "server/services/seal_service.h"
#include "server/services/stream_watch.h"
#include "server/services/unknown_method_service.h"
#include "server/services/usage_service.h"
#include "server/use_cases/endings.h"
#include "storage/rocksdb_key_value_store.h"

namespace kobling::server {
namespace {

constexpr std::size_t kArenaBytes = std::size_t{1} << 20;
constexpr std::chrono::seconds kDrain{30};
constexpr std::chrono::seconds kCertificateInterval{10};
constexpr std::chrono::hours kUpkeepInterval{1};
constexpr std::chrono::seconds kPublishInterval{1};
constexpr mode_t kPublishedFolderMode = 0750;

absl::StatusOr<std::unique_ptr<storage::KeyValueStore>> OpenStore(const ServerConfig& config, storage::OpenMode mode) {
  storage::RocksDbOptions options;
  options.folder = config.storage_directory;
  options.mode = mode;
  return storage::OpenRocksDb(options);
}

// The stored events are not what they were, or somebody else goes on from the same log: nothing more may be written.
bool IsFatal(const absl::Status& published) {
  const std::optional<domain::Reason> reason = domain::ReasonOf(published);
  return reason == domain::Reason::kRecordCorrupt || reason == domain::Reason::kWitnessAhead ||
         reason == domain::Reason::kWitnessRefused;
}

}  // namespace

// In the order of their making. What fails during the life of the server is kept until Serve returns it.
struct Application::Parts {
  Parts(const ServerConfig& the_config, const domain::Clock& the_clock, Log& the_log)
      : config(the_config),
        clock(the_clock),
        log(the_log),
        rules(config.accepted_series),
        rows_in_use(config.limits.max_total_stream_rows),
        watch(config.limits.stream_idle),
        folder(config.key_file_directory) {}

  absl::Status Open();
  void Fail(const absl::Status& status);
  absl::Status OpenPublisher();
  absl::Status ConfirmAsNewest() const;
  void PublishUntil(const std::stop_token& stop);
  absl::Status PurgeDestroyedKeys() const;
  void Upkeep();

  const ServerConfig config;
  const domain::Clock& clock;
  Log& log;
  const domain::NationalIdRules rules;
  StreamRows rows_in_use;
  StreamWatch watch;
  const KeyFileFolder folder;

  std::unique_ptr<crypto::SecretArena> arena;
  std::unique_ptr<storage::KeyValueStore> store;
  std::unique_ptr<ServiceKeys> keys;
  std::unique_ptr<storage::Directory> directory;
  storage::IdentityMap identities;
  std::unique_ptr<storage::IdentityLog> identity_log;
  std::unique_ptr<storage::SetStore> sets;
  std::unique_ptr<storage::EventLog> events;
  std::unique_ptr<WitnessClient> witness;
  std::unique_ptr<LogPublisher> publisher;
  std::unique_ptr<State> state;
  std::unique_ptr<Committer> committer;
  std::unique_ptr<Core> core;
  std::unique_ptr<Pipeline> pipeline;
  std::unique_ptr<KeyFiles> key_files;
  std::unique_ptr<Endings> endings;

  std::mutex failure_mutex;
  absl::Status failure;           // guarded by failure_mutex
  std::stop_source stop_serving;  // requested by the caller's stop, or by a failure
};

void Application::Parts::Fail(const absl::Status& status) {
  const std::lock_guard lock(failure_mutex);
  if (failure.ok()) {
    log.Error("what is stored cannot be gone on from; the server ends", {Field("error", status)});
    failure = status;
  }
  stop_serving.request_stop();
}

absl::Status Application::Parts::Open() {
  KOBLING_ASSIGN_OR_RETURN(arena, crypto::SecretArena::Create(kArenaBytes));
  KOBLING_RETURN_IF_ERROR(crypto::SelfTest(*arena));
  crypto::KekFile kek_file(config.kek_file.string());
  KOBLING_ASSIGN_OR_RETURN(crypto::KeyEncryptionKey kek, kek_file.Load(*arena, std::nullopt));
  storage::WriteBatch missing_keys;
  KOBLING_RETURN_IF_ERROR(ServiceKeys::CreateMissing(*store, kek, *arena, missing_keys));
  if (missing_keys.size() > 0) {
    KOBLING_RETURN_IF_ERROR(store->Commit(missing_keys));
  }
  KOBLING_ASSIGN_OR_RETURN(ServiceKeys loaded, ServiceKeys::Load(*store, std::move(kek), *arena));
  keys = std::make_unique<ServiceKeys>(std::move(loaded));
  // Before the rest is read, and before any event is written.
  KOBLING_ASSIGN_OR_RETURN(events, storage::EventLog::Open(*store));
  KOBLING_RETURN_IF_ERROR(OpenPublisher());
  KOBLING_ASSIGN_OR_RETURN(directory,
                           storage::Directory::Open(*store, std::move(*keys->index), std::move(*keys->identifiers)));
  identity_log = std::make_unique<storage::IdentityLog>(*store, std::move(*keys->identity));
  KOBLING_RETURN_IF_ERROR(identity_log->Load(identities));
  sets = std::make_unique<storage::SetStore>(*store, std::move(*keys->set_digest), std::move(*keys->sets));
  KOBLING_ASSIGN_OR_RETURN(state, State::Load(*store, *sets));
  committer =
      std::make_unique<Committer>(*store, *events, *state, clock, [this](const absl::Status& status) { Fail(status); });
  core = std::make_unique<Core>(
      Core{config, clock, *store, *keys, *directory, *sets, identities, *identity_log, *publisher, *state, *committer});
  committer->SetGate([this] { return publisher->CheckNotBehind(); });
  KOBLING_RETURN_IF_ERROR(ConfirmAsNewest());
  pipeline = std::make_unique<Pipeline>(*core, log);
  key_files = std::make_unique<KeyFiles>(*core, folder);
  endings = std::make_unique<Endings>(*core, folder, log);
  KOBLING_RETURN_IF_ERROR(PurgeDestroyedKeys());
  Upkeep();
  log.Info("opened", {Field("identifiers", directory->size()), Field("events", events->size())});
  return absl::OkStatus();
}

absl::Status Application::Parts::OpenPublisher() {
  std::error_code error;
  if (!std::filesystem::exists(config.log_directory, error)) {
    KOBLING_RETURN_IF_ERROR(MakeNewFolder(config.log_directory, kPublishedFolderMode));
  }
  if (config.witness.has_value()) {
    witness = std::make_unique<WitnessClient>(config.witness_url, *config.witness, clock);
  }
  KOBLING_ASSIGN_OR_RETURN(publisher, LogPublisher::Open({.folder = config.log_directory,
                                                          .origin = config.log_origin,
                                                          .store = *store,
                                                          .key = keys->log_signer,
                                                          .clock = clock,
                                                          .witness = witness.get()}));
  if (publisher->was_made_anew()) {
    log.Warning("the published log does not fit the stored events and is made anew");
  }
  if (config.witness.has_value()) {
    return publisher->Confirm();
  }
  if (config.environment == Environment::kProduction) {
    log.Warning("the log has no witness: nobody but its operator would notice an older database");
  }
  return absl::OkStatus();
}

// What the witness has signed so far it may have signed before, and somebody may have kept the answer. An event that
// nobody could foresee makes the tree one that it has never seen: its signature is of now.
absl::Status Application::Parts::ConfirmAsNewest() const {
  if (!config.witness.has_value()) {
    return absl::OkStatus();
  }
  transparency::Event event;
  event.actor = "koblingd";
  event.role = "server";
  event.operation = "server.start";
  event.changes = {{"nonce", "", crypto::NewRequestId()}};
  KOBLING_RETURN_IF_ERROR(committer->Record(std::move(event)));
  return publisher->Publish();
}

void Application::Parts::PublishUntil(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  bool was_ok = true;
  while (!stop.stop_requested()) {
    const absl::Status published = publisher->Publish();
    if (IsFatal(published)) {
      Fail(published);
      return;
    }
    if (published.ok() != was_ok) {
      was_ok = published.ok();
      was_ok ? log.Info("the log is published again")
             : log.Error("the log cannot be published; it is tried again every second", {Field("error", published)});
    }
    wake.wait_for(lock, stop, kPublishInterval, [] { return false; });
  }
}

absl::Status Application::Parts::PurgeDestroyedKeys() const {
  {
    const State::View view = state->Read();
    if (std::none_of(view->projects.begin(), view->projects.end(), [](const auto& entry) {
          return entry.second.rows.project.state() == records::PROJECT_STATE_RECORD_KEY_DESTROYED;
        })) {
      return absl::OkStatus();
    }
  }
  // The server may have ended between the destruction of a key and the rewriting of the files that held it.
  return store->Purge(storage::Family::kKeys);
}

void Application::Parts::Upkeep() {
  // In this order: for a key file that expires today, no report is waited for.
  if (absl::Status status = key_files->Upkeep(); !status.ok()) {
    log.Error("key files do not agree with their records", {Field("error", status)});
  }
  if (absl::Status status = endings->Upkeep(); !status.ok()) {
    log.Error("projects could not be brought to their end", {Field("error", status)});
  }
}

Application::Application(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Application::~Application() = default;

absl::Status Application::Initialise(const ServerConfig& config, SigningKeyInfo* out) {
  KOBLING_ASSIGN_OR_RETURN(const auto arena, crypto::SecretArena::Create(kArenaBytes));
  KOBLING_RETURN_IF_ERROR(crypto::SelfTest(*arena));
  crypto::KekFile kek_file(config.kek_file.string());
  KOBLING_ASSIGN_OR_RETURN(crypto::KeyEncryptionKey kek, kek_file.Load(*arena, std::nullopt));
  KOBLING_ASSIGN_OR_RETURN(const auto store, OpenStore(config, storage::OpenMode::kCreateIfMissing));
  KOBLING_ASSIGN_OR_RETURN(const auto keys, store->Scan(storage::Family::kKeys, storage::KeyRange::All()));
  if (keys->Valid()) {
    return domain::MakeError(domain::Reason::kConfiguration,
                             {{domain::DetailKey::kFile, config.storage_directory.string()},
                              {domain::DetailKey::kHint, "the database has keys already"}});
  }
  KOBLING_RETURN_IF_ERROR(keys->status());
  storage::WriteBatch batch;
  KOBLING_RETURN_IF_ERROR(ServiceKeys::Create(kek, *arena, batch));
  KOBLING_RETURN_IF_ERROR(store->Commit(batch));
  KOBLING_ASSIGN_OR_RETURN(const ServiceKeys loaded, ServiceKeys::Load(*store, std::move(kek), *arena));
  out->public_key = loaded.signer.public_key().text();
  out->fingerprint = loaded.signer.public_key().Fingerprint();
  out->log_verifier_key =
      transparency::VerifierKey(transparency::SignerKind::kLog, config.log_origin, loaded.log_signer.public_key())
          .text();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Application>> Application::Open(const ServerConfig& config, const domain::Clock& clock,
                                                               Log& log) {
  KOBLING_ASSIGN_OR_RETURN(auto store, OpenStore(config, storage::OpenMode::kMustExist));
  return Open(config, clock, log, std::move(store));
}

absl::StatusOr<std::unique_ptr<Application>> Application::Open(const ServerConfig& config, const domain::Clock& clock,
                                                               Log& log,
                                                               std::unique_ptr<storage::KeyValueStore> store) {
  auto parts = std::make_unique<Parts>(config, clock, log);
  parts->store = std::move(store);
  KOBLING_RETURN_IF_ERROR(parts->Open());
  return std::unique_ptr<Application>(new Application(std::move(parts)));
}

absl::Status Application::Serve(const ServeOptions& options) {
  Parts& parts = *parts_;
  KOBLING_ASSIGN_OR_RETURN(const std::unique_ptr<ServerTls> tls,
                           ServerTls::Open(parts.config.tls, kCertificateInterval, parts.clock, parts.log));
  const StreamContext streams{parts.rules, parts.rows_in_use};
  RegisterService register_service(*parts.pipeline, *parts.core);
  ProjectService project_service(*parts.pipeline, *parts.core, parts.folder);
  PopulationService population_service(*parts.pipeline, *parts.core, streams, parts.watch);
  KeyFileService key_file_service(*parts.pipeline, *parts.core, streams, parts.watch, *parts.key_files);
  UsageService usage_service(*parts.pipeline, *parts.core, parts.rows_in_use, parts.watch);
  CorrectionService correction_service(*parts.pipeline, *parts.core);
  IdentityService identity_service(*parts.pipeline, *parts.core, parts.rules, parts.watch);
  ReservationService reservation_service(*parts.pipeline, *parts.core, streams, parts.watch);
  ImportService import_service(*parts.pipeline, *parts.core, streams, parts.watch);
  InsightService insight_service(*parts.pipeline, *parts.core, parts.rules);
  AuditService audit_service(*parts.pipeline, *parts.core, parts.folder, parts.watch);
  OperatorService operator_service(*parts.pipeline, *parts.core);
  HealthService health_service(*parts.pipeline);
  UnknownMethodService unknown_method_service(*parts.pipeline);

  SealService seal_service(*parts.pipeline, *parts.core);
  const std::array<grpc::Service*, 14> services = {
      &register_service,    &project_service,    &population_service, &key_file_service, &usage_service,
      &reservation_service, &import_service,     &insight_service,    &audit_service,    &operator_service,
      &health_service,      &correction_service, &identity_service,   &seal_service};
  KOBLING_ASSIGN_OR_RETURN(const ListeningServer listening,
                           StartGrpcServer(parts.config, *tls, services, unknown_method_service));

  const std::jthread publishing([&parts](const std::stop_token& stop) { parts.PublishUntil(stop); });
  std::mutex mutex;
  std::condition_variable_any wake;
  const std::stop_callback on_stop(options.stop, [&] { parts.stop_serving.request_stop(); });
  options.ready(listening.port);
  std::unique_lock lock(mutex);
  const std::stop_token stop = parts.stop_serving.get_token();
  while (!stop.stop_requested()) {
    wake.wait_for(lock, stop, kUpkeepInterval, [] { return false; });
    if (!stop.stop_requested()) {
      parts.Upkeep();
    }
  }
  parts.log.Info("draining");
  parts.pipeline->Drain();
  listening.server->Shutdown(std::chrono::system_clock::now() + kDrain);
  // So that an orderly end leaves nothing that the witness has not seen.
  if (const absl::Status published = parts.publisher->Publish(); !published.ok()) {
    parts.log.Error("the last events could not be published", {Field("error", published)});
    if (IsFatal(published)) {
      parts.Fail(published);
    }
  }
  const std::lock_guard failure_lock(parts.failure_mutex);
  return parts.failure;
}

}  // namespace kobling::server
