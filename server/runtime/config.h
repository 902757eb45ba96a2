// What an installation decides for itself: one TOML file, read once at start. docs/configuration.md lists every key.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "domain/national_id.h"
#include "server/runtime/case_rules.h"
#include "server/runtime/listen_address.h"
#include "server/runtime/log.h"
#include "transparency/note.h"

namespace kobling::server {

// A trial works with synthetic persons and certificates that koblingd makes itself; production with neither.
enum class Environment : std::uint8_t { kTrial, kProduction };
std::string_view NameOf(Environment environment);

// PEM files. All are read again while the server runs (see ServerTls).
struct TlsFiles {
  std::filesystem::path certificate;  // the server's own certificate, then its issuers
  std::filesystem::path private_key;
  std::filesystem::path client_ca;  // who may issue the callers' certificates
};

// Ceilings that protect the server from one caller, and callers from each other.
struct Limits {
  std::uint64_t max_stream_rows = 20'000'000;        // in one stream
  std::uint64_t max_total_stream_rows = 40'000'000;  // in all streams that are open at the same time
  std::uint32_t max_message_bytes = 4 * 1024 * 1024;
  std::uint32_t max_concurrent_streams = 64;  // calls at the same time on one connection
  std::uint32_t handler_threads = 128;        // calls at the same time on the server; more are refused
  std::chrono::seconds stream_idle{60};       // an open stream that sends nothing for so long is ended
};

// Whether a number that the identity history has not told of is taken for a person.
enum class CatalogueMode : std::uint8_t { kLearned, kRequired };

struct ServerConfig {
  std::filesystem::path file;  // where all this was read; relative paths in it are relative to its folder
  Environment environment = Environment::kTrial;
  std::string controller;  // who answers for the service; stands in reports and on the insight page
  ListenAddress listen;
  TlsFiles tls;
  std::string trust_domain;  // callers are spiffe://<trust domain>/<role>/<id>
  std::filesystem::path storage_directory;
  std::filesystem::path kek_file;
  std::filesystem::path key_file_directory;
  std::filesystem::path log_directory;  // where the event log is published
  std::string log_origin;               // the published log's name
  std::string witness_url;              // empty: the log has no witness
  std::filesystem::path witness_key_file;
  std::optional<transparency::VerifierKey> witness;  // what the key file holds; set if the log has a witness
  std::uint32_t key_file_expiry_days = 90;
  std::uint32_t recipient_key_validity_days = 730;
  std::uint32_t usage_due_days = 90;
  std::uint32_t destruction_warning_days = 30;
  std::uint32_t memberships_years = 10;  // after the destruction of the project's key; 0: for good
  domain::AcceptedSeries accepted_series;
  CatalogueMode catalogue = CatalogueMode::kLearned;
  std::filesystem::path case_rules_file;  // empty: the rules that come with the program
  CaseRules case_rules = DefaultCaseRules();
  Limits limits;
  Level log_level = Level::kInfo;
};

// Reads and checks the file: TOML, known keys only, values in range. Paths in the result are absolute. Fails with
// FILE_NOT_FOUND or FILE_UNREADABLE, or with CONFIGURATION naming the file, the line, the key and what is expected
// there. Reads the file of case rules too, if one is named; does not look at the other files, CheckConfig does.
absl::StatusOr<ServerConfig> LoadConfig(const std::filesystem::path& file);

// The same for a text that is not on disk yet; `file`, an absolute path, is where it will be. Reads no case rules.
absl::StatusOr<ServerConfig> ParseConfig(std::string_view text, const std::filesystem::path& file);

// Every key that a configuration file may have, as "section.key".
std::vector<std::string> ConfigKeys();

// The text of a new configuration file, as `koblingd init` writes it: every key, its default, and what it means.
struct NewConfig {
  Environment environment;
  std::string listen;
  std::string controller;
  std::string trust_domain;
};
std::string MakeConfigText(const NewConfig& config);

}  // namespace kobling::server
