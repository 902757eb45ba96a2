// GrpcConnection against a small server in the same process.
#include "client/grpc_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>

#include "client/certificate_testing.h"
#include "client/server_answer.h"
#include "domain/error.h"
#include "google/rpc/status.pb.h"
#include "grpc/grpc.h"
#include "grpcpp/grpcpp.h"

namespace kobling::client {
namespace {

using domain::Reason;

grpc::Status Refusal(Reason reason, const std::string& project) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(domain::InfoOf(reason).name));
  info.set_domain("kobling");
  (*info.mutable_metadata())["project"] = project;
  (*info.mutable_metadata())["surprise"] = "unknown keys are dropped";
  google::rpc::Status status;
  const auto code = static_cast<grpc::StatusCode>(domain::InfoOf(reason).code);
  status.set_code(code);
  status.add_details()->PackFrom(info);
  return grpc::Status(code, "text", status.SerializeAsString());
}

// How the server treats streams, one after the other.
enum class Treatment { kAccept, kRefuseEarly, kBreak, kCancel };

class Populations final : public api::PopulationService::Service {
 public:
  grpc::Status Submit(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<api::SubmitResponse, api::SubmitRequest>* stream) override {
    const std::size_t number = next_++;
    const Treatment treatment = number < treatments.size() ? treatments[number] : Treatment::kAccept;
    api::SubmitRequest request;
    std::uint64_t rows = 0;
    std::uint64_t told_rows = 0;
    while (stream->Read(&request)) {
      if (request.has_header()) {
        const std::lock_guard lock(mutex);
        request_ids.push_back(request.header().request_id());
      }
      if (request.has_batch()) {
        rows += request.batch().identifiers().size() / 11;
        api::SubmitResponse response;
        response.add_faults()->set_row(request.batch().first_row());
        stream->Write(response);
        if (treatment == Treatment::kRefuseEarly) {
          return Refusal(Reason::kBudgetExceeded, "P0041");
        }
        if (treatment == Treatment::kBreak) {
          return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
        }
        if (treatment == Treatment::kCancel) {
          context->TryCancel();
          return grpc::Status::CANCELLED;
        }
      }
      if (request.has_commit()) {
        told_rows = request.commit().rows_per_column(0);
      }
    }
    api::SubmitResponse last;
    last.mutable_result()->mutable_counts()->set_rows(rows == told_rows ? rows : 0);
    stream->Write(last);
    return grpc::Status::OK;
  }

  std::vector<Treatment> treatments;
  std::mutex mutex;
  std::vector<std::string> request_ids;

 private:
  std::atomic<std::size_t> next_ = 0;
};

class Projects final : public api::ProjectService::Service {
 public:
  grpc::Status GetProject(grpc::ServerContext*, const api::GetProjectRequest* request,
                          api::Project* response) override {
    response->set_id(request->project_id());
    const std::size_t number = calls++;
    return number < answers.size() ? answers[number] : grpc::Status::OK;
  }
  std::vector<grpc::Status> answers;
  std::atomic<std::size_t> calls = 0;
};

class Insight final : public api::InsightService::Service {
 public:
  grpc::Status Lookup(grpc::ServerContext*, const api::LookupRequest*, api::LookupResponse*) override {
    ++calls;
    return Refusal(Reason::kDraining, "");
  }
  std::atomic<std::size_t> calls = 0;
};

// Answers after each batch; the stream number `break_at` breaks behind its first answer.
class Identities final : public api::IdentityService::Service {
 public:
  grpc::Status ImportEvents(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<api::ImportEventsResponse, api::ImportEventsRequest>* stream) override {
    const std::size_t number = streams++;
    api::ImportEventsRequest request;
    api::ImportEventsResponse answer;
    while (stream->Read(&request)) {
      if (request.has_header()) {
        start_at = request.header().start_at();
        continue;
      }
      if (request.has_commit()) {
        committed = request.commit().events();
        answer.set_done(ends_with_done);
        stream->Write(answer);
        continue;
      }
      answer.set_applied(answer.applied() + static_cast<std::uint64_t>(request.batch().events_size()));
      answer.set_applied_through(request.batch().events().rbegin()->sequence());
      stream->Write(answer);
      if (number == break_at) {
        return grpc::Status(grpc::StatusCode::UNAVAILABLE, "gone");
      }
    }
    return grpc::Status::OK;
  }
  std::atomic<std::size_t> streams = 0;
  std::atomic<std::uint64_t> start_at = 0;
  std::atomic<std::uint64_t> committed = 0;
  std::size_t break_at = SIZE_MAX;
  bool ends_with_done = true;
};

class Events final : public IdentityEventSource {
 public:
  explicit Events(std::size_t batches) : batches_(batches) {}
  bool Next(api::IdentityEventBatch& batch) override {
    batch.Clear();
    for (int i = 0; i < 100 && next_ < batches_ * 100; ++i) {
      batch.add_events()->set_sequence(++next_);
    }
    return batch.events_size() > 0;
  }

 private:
  std::size_t batches_;
  std::size_t next_ = 0;
};

class Rows final : public RowSource {
 public:
  enum class Rewinding { kPossible, kImpossible };
  Rows(std::size_t batches, Rewinding rewinding) : batches_(batches), rewinding_(rewinding) {}
  std::size_t row_bytes() const override { return 11; }
  std::size_t columns() const override { return 1; }
  std::uint64_t kept_back() const override { return 0; }
  absl::StatusOr<bool> Next(RowBatch& batch) override {
    if (next_ == fail_at) {
      return domain::MakeError(Reason::kFileMalformed);
    }
    if (next_ == batches_) {
      return false;
    }
    batch.first_row = next_ * 20'000;
    batch.bytes.assign(std::size_t{20'000} * 11, '1');
    ++next_;
    return true;
  }
  bool can_rewind() const override { return rewinding_ == Rewinding::kPossible; }
  absl::Status Rewind() override {
    next_ = 0;
    ++rewinds;
    return absl::OkStatus();
  }
  std::size_t sent() const { return next_; }
  std::size_t rewinds = 0;
  std::size_t fail_at = SIZE_MAX;

 private:
  std::size_t batches_;
  Rewinding rewinding_;
  std::size_t next_ = 0;
};

class Listener final : public StreamListener {
 public:
  void Restarted() override { faults = 0; }
  void Faults(const google::protobuf::RepeatedPtrField<api::RowFault>& told) override {
    faults += static_cast<std::size_t>(told.size());
  }
  std::size_t faults = 0;
};

class GrpcConnectionTest : public testing::Test {
 protected:
  // Held to the end: gRPC 1.51, when its last object goes, now and then waits ten seconds for a poll that nobody wakes.
  static void SetUpTestSuite() { grpc_init(); }

  GrpcConnectionTest() {
    StartServer();
    connection_ = std::make_unique<GrpcConnection>(
        grpc::CreateChannel("127.0.0.1:" + std::to_string(port_), grpc::InsecureChannelCredentials()),
        RetryPlan{.attempts = 3, .first_wait = absl::ZeroDuration()}, Deadlines());
    header_.set_request_id("11111111-2222-4333-8444-555555555555");
  }
  ~GrpcConnectionTest() override { server_->Shutdown(); }

  // On a free port; later on the same one.
  void StartServer() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port_), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&populations_);
    builder.RegisterService(&projects_);
    builder.RegisterService(&insight_);
    builder.RegisterService(&identities_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }

  Populations populations_;
  Projects projects_;
  Insight insight_;
  Identities identities_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<GrpcConnection> connection_;
  api::SubmitHeader header_;
  Listener listener_;
};

TEST_F(GrpcConnectionTest, AStreamArrivesWholeAndItsFaultsAreHeard) {
  Rows rows(40, Rows::Rewinding::kImpossible);
  const auto answer = connection_->Submit(header_, rows, listener_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->result().counts().rows(), 800'000U);
  EXPECT_EQ(listener_.faults, 40U);
}

TEST_F(GrpcConnectionTest, ARefusalWhileTheClientStillWritesIsTheServersReason) {
  populations_.treatments = {Treatment::kRefuseEarly};
  Rows rows(2'000, Rows::Rewinding::kPossible);
  const auto answer = connection_->Submit(header_, rows, listener_);
  EXPECT_EQ(domain::ReasonOf(answer.status()), Reason::kBudgetExceeded) << answer.status();
  EXPECT_TRUE(IsFromServer(answer.status()));
  EXPECT_EQ(domain::WhereOf(answer.status()), "project P0041");
  EXPECT_EQ(rows.rewinds, 0U);
  EXPECT_LT(rows.sent(), 2'000U) << "the client went on after the refusal";
}

TEST_F(GrpcConnectionTest, ABrokenStreamIsSentAgainWithTheSameRequestId) {
  populations_.treatments = {Treatment::kBreak, Treatment::kBreak};
  Rows rows(30, Rows::Rewinding::kPossible);
  const auto answer = connection_->Submit(header_, rows, listener_);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->result().counts().rows(), 600'000U);
  EXPECT_EQ(rows.rewinds, 2U);
  EXPECT_EQ(listener_.faults, 30U) << "faults of broken streams must not count";
  EXPECT_EQ(populations_.request_ids, std::vector<std::string>(3, header_.request_id()));
}

TEST_F(GrpcConnectionTest, ABrokenStreamFromStandardInputIsNotSentAgain) {
  populations_.treatments = {Treatment::kBreak};
  Rows rows(30, Rows::Rewinding::kImpossible);
  const auto answer = connection_->Submit(header_, rows, listener_);
  EXPECT_EQ(domain::ReasonOf(answer.status()), Reason::kServerUnreachable);
  EXPECT_EQ(populations_.request_ids.size(), 1U);
}

TEST_F(GrpcConnectionTest, AStreamThatTheServerCancelsWasSilentForTooLong) {
  populations_.treatments = {Treatment::kCancel};
  Rows rows(30, Rows::Rewinding::kPossible);
  const auto answer = connection_->Submit(header_, rows, listener_);
  EXPECT_EQ(domain::ReasonOf(answer.status()), Reason::kStreamSilent);
  EXPECT_EQ(populations_.request_ids.size(), 1U) << "it would be silent again";
}

TEST_F(GrpcConnectionTest, AFaultOfTheFileEndsTheStreamAndIsWhatIsReturned) {
  Rows rows(30, Rows::Rewinding::kPossible);
  rows.fail_at = 5;
  const auto answer = connection_->Submit(header_, rows, listener_);
  EXPECT_EQ(domain::ReasonOf(answer.status()), Reason::kFileMalformed);
  EXPECT_FALSE(IsFromServer(answer.status()));
  EXPECT_EQ(rows.rewinds, 0U);
}

TEST_F(GrpcConnectionTest, EventsArriveWholeAndTheCommitCountsThem) {
  Events events(40);
  api::ImportEventsHeader header;
  header.set_start_at(1);
  const IdentityStreamEnd end = connection_->ImportEvents(header, events);
  ASSERT_TRUE(end.status.ok()) << end.status;
  EXPECT_EQ(end.last.applied_through(), 4'000U);
  EXPECT_EQ(identities_.start_at, 1U);
  EXPECT_EQ(identities_.committed, 4'000U);
}

TEST_F(GrpcConnectionTest, ABrokenStreamOfEventsIsNotRepeatedAndItsLastAnswerIsKept) {
  identities_.break_at = 0;
  Events events(40);
  const IdentityStreamEnd end = connection_->ImportEvents(api::ImportEventsHeader(), events);
  EXPECT_EQ(domain::ReasonOf(end.status), Reason::kServerUnreachable);
  EXPECT_EQ(end.last.applied_through(), 100U);
  EXPECT_EQ(identities_.streams, 1U);
}

TEST_F(GrpcConnectionTest, AStreamOfEventsThatEndsWithoutItsLastAnswerIsAnError) {
  identities_.ends_with_done = false;
  Events events(2);
  EXPECT_EQ(domain::ReasonOf(connection_->ImportEvents(api::ImportEventsHeader(), events).status), Reason::kInternal);
}

TEST_F(GrpcConnectionTest, AStreamOfEventsFindsAServerThatIsBackAtTheFirstAttempt) {
  server_->Shutdown();
  Events before(1);
  const absl::Status gone = connection_->ImportEvents(api::ImportEventsHeader(), before).status;
  EXPECT_EQ(domain::ReasonOf(gone), Reason::kServerUnreachable);
  StartServer();
  Events after(1);
  const absl::Status back = connection_->ImportEvents(api::ImportEventsHeader(), after).status;
  EXPECT_TRUE(back.ok()) << back;
}

TEST_F(GrpcConnectionTest, AReadIsRepeatedAfterPassingTroubleOnly) {
  projects_.answers = {grpc::Status(grpc::StatusCode::UNAVAILABLE, "x"), Refusal(Reason::kDraining, "")};
  api::GetProjectRequest request;
  request.set_project_id("P0041");
  const auto answer = connection_->GetProject(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->id(), "P0041");
  EXPECT_EQ(projects_.calls, 3U);

  projects_.calls = 0;
  projects_.answers = {Refusal(Reason::kNotPermitted, "")};
  EXPECT_EQ(domain::ReasonOf(connection_->GetProject(request).status()), Reason::kNotPermitted);
  EXPECT_EQ(projects_.calls, 1U);
}

TEST_F(GrpcConnectionTest, ALookAtAPersonIsNeverRepeated) {
  const auto answer = connection_->Lookup(api::LookupRequest());
  EXPECT_EQ(domain::ReasonOf(answer.status()), Reason::kDraining);
  EXPECT_EQ(insight_.calls, 1U);
}

TEST_F(GrpcConnectionTest, AServerThatIsGoneIsUnreachable) {
  server_->Shutdown();
  const auto answer = connection_->GetProject(api::GetProjectRequest());
  EXPECT_EQ(domain::ReasonOf(answer.status()), Reason::kServerUnreachable);
  EXPECT_FALSE(IsDecided(answer.status()));
}

TEST_F(GrpcConnectionTest, AServerWithACertificateOfAnotherAuthorityIsNotTrusted) {
  const absl::Time now = absl::Now();
  const TestCertificate servers = MakeTestCertificate(now - absl::Hours(1), now + absl::Hours(1));
  const TestCertificate other = MakeTestCertificate(now - absl::Hours(1), now + absl::Hours(1));
  grpc::SslServerCredentialsOptions tls;
  tls.pem_key_cert_pairs.push_back({servers.key, servers.certificate});
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("localhost:0", grpc::SslServerCredentials(tls), &port);
  builder.RegisterService(&projects_);
  const auto server = builder.BuildAndStart();
  const std::string address = "localhost:" + std::to_string(port);
  const RetryPlan once = {.attempts = 1, .first_wait = absl::ZeroDuration()};
  const auto trusting = GrpcConnection::Create(
      address, {.ca = servers.certificate, .certificate = other.certificate, .key = other.key}, once);
  EXPECT_TRUE(trusting->GetProject(api::GetProjectRequest()).ok());
  const auto wary = GrpcConnection::Create(
      address, {.ca = other.certificate, .certificate = other.certificate, .key = other.key}, once);
  EXPECT_EQ(domain::ReasonOf(wary->GetProject(api::GetProjectRequest()).status()), Reason::kServerCertificate);
  server->Shutdown();
}

TEST_F(GrpcConnectionTest, AServerThatDoesNotSpeakTlsIsUnreachable) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&projects_);
  const auto plain = builder.BuildAndStart();
  const auto secure =
      GrpcConnection::Create("127.0.0.1:" + std::to_string(port), {.ca = "", .certificate = "", .key = ""},
                             {.attempts = 1, .first_wait = absl::ZeroDuration()});
  const auto answer = secure->GetProject(api::GetProjectRequest());
  EXPECT_EQ(domain::ReasonOf(answer.status()), Reason::kServerUnreachable) << answer.status();
  EXPECT_EQ(projects_.calls, 0U);
  plain->Shutdown();
}

}  // namespace
}  // namespace kobling::client
