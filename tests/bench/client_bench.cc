// What a caller sees over mutual TLS: how long small calls take when many callers ask at the same time, and how fast
// small submissions follow each other. Works against a running server. Prints measurements for tests/bench/report.py.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <barrier>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "client/grpc_connection.h"
#include "crypto/random.h"
#include "domain/status_macros.h"
#include "tests/bench/bench_program.h"

namespace kobling::bench {
namespace {

namespace api = ::kobling::v1;
struct Target {
  std::string address;
  std::string certificates;  // folder with ca.pem, <id>.pem and <id>.key
  std::string id;
};

std::string ReadText(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// A connection of its own for each caller; gRPC would share one otherwise.
std::unique_ptr<client::GrpcConnection> Connect(const Target& target) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ReadText(target.certificates + "/ca.pem");
  tls.pem_cert_chain = ReadText(target.certificates + "/" + target.id + ".pem");
  tls.pem_private_key = ReadText(target.certificates + "/" + target.id + ".key");
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetMaxReceiveMessageSize(64 << 20);
  return std::make_unique<client::GrpcConnection>(
      grpc::CreateCustomChannel(target.address, grpc::SslCredentials(tls), arguments), client::RetryPlan{.attempts = 1},
      client::Deadlines());
}

absl::StatusOr<std::vector<std::string>> ReadIdentifiers(const std::string& path) {
  std::ifstream stream(path);
  std::vector<std::string> identifiers;
  for (std::string line; std::getline(stream, line);) {
    identifiers.push_back(line);
  }
  if (identifiers.empty()) {
    return absl::NotFoundError("no identifiers in " + path);
  }
  return identifiers;
}

struct CallOptions {
  std::string method;
  std::string identifiers_file;
  std::size_t clients = 64;
  std::size_t calls = 200;  // by each client
};

absl::Status CallOnce(client::GrpcConnection& connection, const CallOptions& options, const std::string& identifier) {
  if (options.method == "insight") {
    api::LookupRequest request;
    request.set_identifier(identifier);
    request.set_purpose("citizen's own request");
    return connection.Lookup(request).status();
  }
  if (options.method == "project-list") {
    return connection.ListProjects({}).status();
  }
  return connection.GetServerInfo({}).status();
}

struct CallerResult {
  std::vector<Milliseconds> durations;
  std::size_t refused = 0;
  absl::Status last_refusal;
};

absl::Status MeasureCalls(const Target& target, const CallOptions& options) {
  std::vector<std::string> identifiers = {""};
  if (options.method == "insight") {
    KOBLING_ASSIGN_OR_RETURN(identifiers, ReadIdentifiers(options.identifiers_file));
  }
  std::vector<CallerResult> results(options.clients);
  SteadyClock::time_point start;
  // All callers are connected before any of them is measured.
  std::barrier connected(static_cast<std::ptrdiff_t>(options.clients), [&]() noexcept { start = SteadyClock::now(); });
  std::vector<std::jthread> callers;
  for (std::size_t caller = 0; caller < options.clients; ++caller) {
    callers.emplace_back([&, caller] {
      CallerResult& result = results[caller];
      const auto connection = Connect(target);
      static_cast<void>(CallOnce(*connection, options, identifiers[caller % identifiers.size()]));
      connected.arrive_and_wait();
      for (std::size_t call = 0; call < options.calls; ++call) {
        const std::string& identifier = identifiers[(caller * options.calls + call) % identifiers.size()];
        const auto begin = SteadyClock::now();
        if (absl::Status status = CallOnce(*connection, options, identifier); status.ok()) {
          result.durations.emplace_back(SteadyClock::now() - begin);
        } else {
          ++result.refused;
          result.last_refusal = std::move(status);
        }
      }
    });
  }
  callers.clear();  // joins
  const double seconds = SecondsSince(start);
  std::vector<Milliseconds> durations;
  std::size_t refused = 0;
  absl::Status last_refusal;
  for (CallerResult& result : results) {
    durations.insert(durations.end(), result.durations.begin(), result.durations.end());
    refused += result.refused;
    last_refusal.Update(result.last_refusal);
  }
  if (durations.empty()) {
    return last_refusal;
  }
  if (refused > 0) {
    std::cerr << refused << " calls were refused: " << last_refusal << '\n';
  }
  const auto answered = static_cast<double>(durations.size());
  const std::string key = "calls " + options.method + " " + std::to_string(options.clients) + " ";
  Report(key, PercentilesOf(std::move(durations)));
  Report(key + "rate", answered / seconds);
  Report(key + "refused", static_cast<double>(refused));
  return absl::OkStatus();
}

// One batch of identifiers.
class BatchSource final : public client::RowSource {
 public:
  explicit BatchSource(std::string packed) : packed_(std::move(packed)) {}

  std::size_t row_bytes() const override { return 11; }
  std::size_t columns() const override { return 1; }
  std::uint64_t kept_back() const override { return 0; }
  absl::StatusOr<bool> Next(client::RowBatch& batch) override {
    if (sent_) {
      return false;
    }
    batch = {.column = 0, .first_row = 0, .bytes = packed_, .numbers = {}};
    sent_ = true;
    return true;
  }
  bool can_rewind() const override { return true; }
  absl::Status Rewind() override {
    sent_ = false;
    return absl::OkStatus();
  }

 private:
  const std::string packed_;
  bool sent_ = false;
};

class Deaf final : public client::StreamListener {
 public:
  void Restarted() override {}
  void Faults(const google::protobuf::RepeatedPtrField<api::RowFault>& /*faults*/) override {}
};

absl::Status MeasureSubmissions(const Target& target, const std::string& project, const std::string& identifiers_file,
                                std::size_t rows) {
  KOBLING_ASSIGN_OR_RETURN(const std::vector<std::string> identifiers, ReadIdentifiers(identifiers_file));
  const auto connection = Connect(target);
  Deaf listener;
  std::vector<Milliseconds> durations;
  const auto start = SteadyClock::now();
  for (std::size_t begin = 0; begin < identifiers.size(); begin += rows) {
    std::string packed;
    for (std::size_t i = begin; i < std::min(begin + rows, identifiers.size()); ++i) {
      packed += identifiers[i];
    }
    api::SubmitHeader header;
    header.set_request_id(crypto::NewRequestId());
    header.set_project_id(project);
    header.add_columns("fnr");
    header.set_refuse_invalid(true);
    BatchSource source(std::move(packed));
    const auto one = SteadyClock::now();
    KOBLING_RETURN_IF_ERROR(connection->Submit(header, source, listener).status());
    durations.emplace_back(SteadyClock::now() - one);
  }
  const double seconds = SecondsSince(start);
  std::cout << "rows\tsmall_submissions\t" << identifiers.size() << '\t' << seconds << '\n';
  const Percentiles percentiles = PercentilesOf(std::move(durations));
  Report("small_submission_p50", percentiles.p50.count());
  Report("small_submission_p99", percentiles.p99.count());
  return absl::OkStatus();
}

int Run(int argc, char** argv) {
  CLI::App app("Measures small calls and small submissions over mutual TLS.");
  app.require_subcommand(1);
  Target target;
  const auto add_target = [&](CLI::App* command) {
    command->add_option("--address", target.address, "The server, host:port")->required();
    command->add_option("--certificates", target.certificates, "Folder with ca.pem, ID.pem and ID.key")->required();
    command->add_option("--id", target.id, "The caller's id")->required();
  };
  CallOptions options;
  CLI::App* calls =
      app.add_subcommand("calls", "Many callers, each with a connection of its own, one call after another");
  add_target(calls);
  calls->add_option("--method", options.method, "insight, project-list or server-info")
      ->required()
      ->check(CLI::IsMember({"insight", "project-list", "server-info"}));
  calls->add_option("--clients", options.clients, "Callers")->capture_default_str()->check(CLI::Range(1, 1000));
  calls->add_option("--calls", options.calls, "Calls by each")->capture_default_str()->check(CLI::PositiveNumber);
  calls->add_option("--identifiers", options.identifiers_file, "Whom to look up: a file with one identifier a line");
  std::string project;
  std::string identifiers_file;
  std::size_t rows = 1000;
  CLI::App* submissions = app.add_subcommand("submissions", "One small submission after another on one connection");
  add_target(submissions);
  submissions->add_option("--project", project, "The project")->required();
  submissions->add_option("--identifiers", identifiers_file, "A file with one identifier a line")->required();
  submissions->add_option("--rows", rows, "Rows of each submission")->capture_default_str()->check(CLI::PositiveNumber);
  return RunProgram(app, argc, argv, [&] {
    return calls->parsed() ? MeasureCalls(target, options)
                           : MeasureSubmissions(target, project, identifiers_file, rows);
  });
}

}  // namespace
}  // namespace kobling::bench

int main(int argc, char** argv) { return kobling::bench::Run(argc, argv); }
