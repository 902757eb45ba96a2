#include "server/runtime/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "domain/error.h"
#include "domain/status_macros.h"
#include "server/runtime/files.h"
#include "server/runtime/nearest_name.h"
#include "transparency/note.h"

namespace kobling::server {
namespace {

using domain::Detail;
using domain::DetailKey;
using domain::MakeError;
using domain::Reason;

enum class Need : std::uint8_t { kRequired, kOptional };

// One key of the file: what it must be, and what it sets. `set` is false if the value is not that.
struct Setting {
  std::string_view name;
  Need need;
  std::string expected;
  std::function<bool(const toml::node&, ServerConfig&)> set;
};

bool IsPlainText(std::string_view text) {
  constexpr std::size_t kMostBytes = 200;
  // Scrub takes control characters away too.
  return !text.empty() && text.size() <= kMostBytes && domain::Scrub(text) == text;
}

bool IsTrustDomain(std::string_view text) {
  constexpr std::size_t kMostBytes = 255;
  return !text.empty() && text.size() <= kMostBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
  });
}

bool IsHttpAddress(std::string_view text) {
  constexpr std::size_t kMostBytes = 255;
  const std::string_view rest = text.starts_with("http://")    ? text.substr(7)
                                : text.starts_with("https://") ? text.substr(8)
                                                               : std::string_view();
  return !rest.empty() && rest.front() != '/' && text.size() <= kMostBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

Setting Text(std::string_view name, std::string expected, std::function<bool(const std::string&, ServerConfig&)> set) {
  return {name, Need::kRequired, std::move(expected), [set = std::move(set)](const toml::node& node, ServerConfig& c) {
            const auto text = node.value_exact<std::string>();
            return text && set(*text, c);
          }};
}

Setting Path(std::string_view name, std::filesystem::path& (*member)(ServerConfig&)) {
  return Text(name, "a path, absolute or relative to the folder of the configuration file",
              [member](const std::string& text, ServerConfig& config) {
                member(config) = (config.file.parent_path() / text).lexically_normal();
                return !text.empty() && text.find('\0') == std::string::npos;
              });
}

Setting OptionalPath(std::string_view name, std::filesystem::path& (*member)(ServerConfig&)) {
  Setting setting = Path(name, member);
  setting.need = Need::kOptional;
  return setting;
}

struct Range {
  std::int64_t least;
  std::int64_t most;
};

// With commas: a long run of digits would be taken for an identifier and removed from the message.
std::string Grouped(std::int64_t number) {
  return number < 1000 ? absl::StrFormat("%d", number)
                       : absl::StrFormat("%s,%03d", Grouped(number / 1000), number % 1000);
}

Setting Number(std::string_view name, Range range, void (*set)(ServerConfig&, std::int64_t)) {
  std::string expected = absl::StrFormat("a whole number from %s to %s", Grouped(range.least), Grouped(range.most));
  return {name, Need::kOptional, std::move(expected), [range, set](const toml::node& node, ServerConfig& config) {
            const auto value = node.value_exact<std::int64_t>();
            if (!value || *value < range.least || *value > range.most) {
              return false;
            }
            set(config, *value);
            return true;
          }};
}

Setting Switch(std::string_view name, bool domain::AcceptedSeries::*series) {
  return {name, Need::kOptional, "true or false", [series](const toml::node& node, ServerConfig& config) {
            const auto value = node.value_exact<bool>();
            config.accepted_series.*series = value.value_or(false);
            return value.has_value();
          }};
}

constexpr Range kDays = {1, 3650};

template <typename T>
T As(std::int64_t value) {
  return static_cast<T>(value);
}

// In the order in which they are set; `environment` decides the defaults of others and comes first.
std::vector<Setting> AllSettings() {
  using Config = ServerConfig;
  using domain::AcceptedSeries;
  return {
      Text("environment", R"("trial" or "production")",
           [](const std::string& text, Config& config) {
             if (text != NameOf(Environment::kTrial) && text != NameOf(Environment::kProduction)) {
               return false;
             }
             const bool trial = text == NameOf(Environment::kTrial);
             config.environment = trial ? Environment::kTrial : Environment::kProduction;
             config.accepted_series = trial ? AcceptedSeries::Trial() : AcceptedSeries::Production();
             return true;
           }),
      Text("controller", "the name of who answers for the service: up to 200 bytes, no long numbers",
           [](const std::string& text, Config& config) {
             config.controller = text;
             return IsPlainText(text);
           }),
      Text("server.listen", "a host and a port, as kobling.example.org:7400 or [::1]:7400",
           [](const std::string& text, Config& config) {
             auto address = ListenAddress::Parse(text);
             if (address.ok()) {
               config.listen = *std::move(address);
             }
             return address.ok();
           }),
      Path(
          "tls.certificate", [](Config & c) -> auto& { return c.tls.certificate; }),
      Path(
          "tls.key", [](Config & c) -> auto& { return c.tls.private_key; }),
      Path(
          "tls.client_ca", [](Config & c) -> auto& { return c.tls.client_ca; }),
      Text("tls.trust_domain",
           "a SPIFFE trust domain: a-z, 0-9, full stop, hyphen and underscore, as kobling.example.org",
           [](const std::string& text, Config& config) {
             config.trust_domain = text;
             return IsTrustDomain(text);
           }),
      Path(
          "storage.directory", [](Config & c) -> auto& { return c.storage_directory; }),
      Path(
          "keys.kek_file", [](Config & c) -> auto& { return c.kek_file; }),
      Path(
          "key_files.directory", [](Config & c) -> auto& { return c.key_file_directory; }),
      OptionalPath(
          "published_log.directory", [](Config & c) -> auto& { return c.log_directory; }),
      {"published_log.origin", Need::kOptional,
       "the name of the log: an address without https://, as kobling.example.org/log; printable, no spaces, no +",
       [](const toml::node& node, Config& config) {
         config.log_origin = node.value_exact<std::string>().value_or("");
         return transparency::IsSignerName(config.log_origin);
       }},
      {"witness.url", Need::kOptional, "http://host:port or https://host:port, with a path or without",
       [](const toml::node& node, Config& config) {
         config.witness_url = node.value_exact<std::string>().value_or("");
         return IsHttpAddress(config.witness_url);
       }},
      OptionalPath(
          "witness.key_file", [](Config & c) -> auto& { return c.witness_key_file; }),
      Number("key_files.expiry_days", kDays,
             [](Config& c, std::int64_t n) { c.key_file_expiry_days = As<std::uint32_t>(n); }),
      Number("key_files.recipient_key_validity_days", kDays,
             [](Config& c, std::int64_t n) { c.recipient_key_validity_days = As<std::uint32_t>(n); }),
      Number("usage.due_days", kDays, [](Config& c, std::int64_t n) { c.usage_due_days = As<std::uint32_t>(n); }),
      Number("retention.warning_days", kDays,
             [](Config& c, std::int64_t n) { c.destruction_warning_days = As<std::uint32_t>(n); }),
      {"retention.memberships_years", Need::kOptional,
       "0 (for good) or a whole number from 10 to 100: helseregisterloven § 19 h asks for ten years",
       [](const toml::node& node, Config& config) {
         const std::int64_t years = node.value_exact<std::int64_t>().value_or(-1);
         config.memberships_years = As<std::uint32_t>(years);
         return years == 0 || (years >= 10 && years <= 100);
       }},
      Switch("identifiers.fh", &AcceptedSeries::fh),
      Switch("identifiers.npid20", &AcceptedSeries::npid20),
      Switch("identifiers.nav40", &AcceptedSeries::nav40),
      Switch("identifiers.npid60", &AcceptedSeries::npid60),
      Switch("identifiers.nhn65", &AcceptedSeries::nhn65),
      Switch("identifiers.synthetic80", &AcceptedSeries::synthetic80),
      {"identifiers.catalogue", Need::kOptional, R"("learned" or "required")",
       [](const toml::node& node, Config& config) {
         const std::string mode = node.value_exact<std::string>().value_or("");
         config.catalogue = mode == "required" ? CatalogueMode::kRequired : CatalogueMode::kLearned;
         return mode == "learned" || mode == "required";
       }},
      OptionalPath(
          "case.rules_file", [](Config & c) -> auto& { return c.case_rules_file; }),
      Number("limits.max_stream_rows", {1, 100'000'000},
             [](Config& c, std::int64_t n) { c.limits.max_stream_rows = As<std::uint64_t>(n); }),
      Number("limits.max_total_stream_rows", {1, 1'000'000'000},
             [](Config& c, std::int64_t n) { c.limits.max_total_stream_rows = As<std::uint64_t>(n); }),
      Number("limits.max_message_bytes", {1'048'576, 67'108'864},
             [](Config& c, std::int64_t n) { c.limits.max_message_bytes = As<std::uint32_t>(n); }),
      Number("limits.max_concurrent_streams", {1, 10'000},
             [](Config& c, std::int64_t n) { c.limits.max_concurrent_streams = As<std::uint32_t>(n); }),
      Number("limits.handler_threads", {1, 1'024},
             [](Config& c, std::int64_t n) { c.limits.handler_threads = As<std::uint32_t>(n); }),
      Number("limits.stream_idle_seconds", {1, 3'600},
             [](Config& c, std::int64_t n) { c.limits.stream_idle = std::chrono::seconds(n); }),
      {"log.level", Need::kOptional, R"("debug", "info", "warning" or "error")",
       [](const toml::node& node, Config& config) {
         const auto level = LevelFromName(node.value_exact<std::string>().value_or(""));
         config.log_level = level.value_or(config.log_level);
         return level.has_value();
       }},
  };
}

// Reads one file's tree into a ServerConfig.
class Reader {
 public:
  Reader(const toml::table& root, std::filesystem::path file) : root_(root), settings_(AllSettings()) {
    config_.file = std::move(file);
  }

  absl::StatusOr<ServerConfig> Read() {
    KOBLING_RETURN_IF_ERROR(RefuseUnknown(root_, ""));
    for (const Setting& setting : settings_) {
      const auto found = root_.at_path(setting.name);
      if (!found && setting.need == Need::kRequired) {
        return Fault(setting.name, SectionLine(setting.name), setting.expected);
      }
      if (found && !setting.set(*found.node(), config_)) {
        return Fault(setting.name, LineOf(*found.node()), setting.expected);
      }
    }
    KOBLING_RETURN_IF_ERROR(CheckTogether());
    if (config_.log_directory.empty()) {
      config_.log_directory = config_.file.parent_path() / "published-log";
    }
    if (config_.log_origin.empty()) {
      config_.log_origin = config_.trust_domain + "/log";
    }
    return config_;
  }

 private:
  static std::uint64_t LineOf(const toml::node& node) { return node.source().begin.line; }

  // Of the section that a missing key belongs to, or the first line.
  std::uint64_t SectionLine(std::string_view name) const {
    const auto section = root_.at_path(name.substr(0, name.find('.')));
    return section && section.is_table() ? LineOf(*section.node()) : 1;
  }

  absl::Status Fault(std::string_view key, std::uint64_t line, std::string_view expected,
                     std::string_view hint = {}) const {
    std::vector<Detail> details = {{DetailKey::kFile, config_.file.string()},
                                   {DetailKey::kLine, line},
                                   {DetailKey::kField, key},
                                   {DetailKey::kExpected, expected}};
    if (!hint.empty()) {
      details.emplace_back(DetailKey::kHint, hint);
    }
    return MakeError(Reason::kConfiguration, std::move(details));
  }

  bool IsSection(std::string_view name) const {
    return std::any_of(settings_.begin(), settings_.end(), [&](const Setting& setting) {
      return setting.name.size() > name.size() && setting.name.starts_with(name) && setting.name[name.size()] == '.';
    });
  }

  absl::Status RefuseUnknown(const toml::table& table, const std::string& prefix) const {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (IsSection(name)) {
        if (!node.is_table()) {
          return Fault(name, LineOf(node), absl::StrFormat("a section, as [%s]", name));
        }
        KOBLING_RETURN_IF_ERROR(RefuseUnknown(*node.as_table(), name + "."));
        continue;
      }
      const auto is_it = [&](const Setting& setting) { return setting.name == name; };
      if (std::none_of(settings_.begin(), settings_.end(), is_it)) {
        std::vector<std::string_view> names;
        for (const Setting& setting : settings_) {
          names.push_back(setting.name);
        }
        return Fault(name, LineOf(node), "a key that is known here",
                     absl::StrFormat("did you mean %s?", NearestName(name, names)));
      }
    }
    return absl::OkStatus();
  }

  // What no key decides alone.
  absl::Status CheckTogether() const {
    const auto& series = config_.accepted_series;
    if (config_.environment == Environment::kProduction && !series.CheckForProduction().ok()) {
      return Fault("identifiers", SectionLine("identifiers"), "no test series in production",
                   "take the switches of the test series out");
    }
    if (!(series.unprefixed || series.fh || series.npid20 || series.nav40 || series.npid60 || series.nhn65 ||
          series.synthetic80)) {
      return Fault("identifiers", SectionLine("identifiers"), "at least one series that is accepted");
    }
    if (config_.witness_url.empty() != config_.witness_key_file.empty()) {
      return Fault("witness", SectionLine("witness.url"), "both url and key_file, or neither");
    }
    if (config_.limits.max_total_stream_rows < config_.limits.max_stream_rows) {
      return Fault("limits.max_total_stream_rows", SectionLine("limits"), "at least limits.max_stream_rows");
    }
    return absl::OkStatus();
  }

  const toml::table& root_;
  const std::vector<Setting> settings_;
  ServerConfig config_;
};

// A TOML basic string.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
    }
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

std::string_view NameOf(Environment environment) { return environment == Environment::kTrial ? "trial" : "production"; }

absl::StatusOr<ServerConfig> LoadConfig(const std::filesystem::path& file) {
  KOBLING_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(file));
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(file, error);
  if (error) {
    return MakeError(Reason::kFileUnreadable, {{DetailKey::kFile, file.string()}});
  }
  KOBLING_ASSIGN_OR_RETURN(ServerConfig config, ParseConfig(text, absolute));
  if (!config.case_rules_file.empty()) {
    KOBLING_ASSIGN_OR_RETURN(const std::string rules, ReadSmallFile(config.case_rules_file));
    KOBLING_ASSIGN_OR_RETURN(config.case_rules, ParseCaseRules(rules, config.case_rules_file));
  }
  if (!config.witness_key_file.empty()) {
    KOBLING_ASSIGN_OR_RETURN(std::string line, ReadSmallFile(config.witness_key_file));
    line.resize(std::min(line.find('\n'), line.size()));
    const absl::StatusOr<transparency::VerifierKey> key = transparency::VerifierKey::Parse(line);
    if (!key.ok() || key->kind() != transparency::SignerKind::kWitness) {
      return MakeError(Reason::kConfiguration, {{DetailKey::kFile, config.witness_key_file.string()},
                                                {DetailKey::kField, "witness.key_file"},
                                                {DetailKey::kExpected, "the verifier key of a witness, one line"}});
    }
    config.witness = *key;
  }
  return config;
}

absl::StatusOr<ServerConfig> ParseConfig(std::string_view text, const std::filesystem::path& file) {
  try {
    const toml::table root = toml::parse(text);
    return Reader(root, file).Read();
  } catch (const toml::parse_error& fault) {
    return MakeError(Reason::kConfiguration, {{DetailKey::kFile, file.string()},
                                              {DetailKey::kLine, std::uint64_t{fault.source().begin.line}},
                                              {DetailKey::kExpected, "TOML, version 1.0"},
                                              {DetailKey::kHint, std::string_view(fault.description())}});
  }
}

std::vector<std::string> ConfigKeys() {
  std::vector<std::string> keys;
  for (const Setting& setting : AllSettings()) {
    keys.emplace_back(setting.name);
  }
  return keys;
}

std::string MakeConfigText(const NewConfig& config) {
  constexpr char kText[] = R"(# Kobling's configuration; docs/configuration.md explains every key.
# Relative paths are relative to the folder of this file.
environment = %s
controller = %s  # who answers for the service

[server]
listen = %s

[tls]
certificate = "tls/server.pem"
key = "tls/server.key"
client_ca = "tls/client-ca.pem"
trust_domain = %s  # callers are spiffe://<trust domain>/<role>/<id>

[storage]
directory = "data"

[keys]
kek_file = "keys/kek"

[key_files]
directory = "key-files"
expiry_days = 90
recipient_key_validity_days = 730

[published_log]  # tiles and signed checkpoints of the event log, for auditors
directory = "published-log"
origin = %s  # never change it: it is the log's name

[usage]
due_days = 90

[retention]
warning_days = 30  # before a project's key is destroyed
memberships_years = 10  # who was included, after the key is gone; 0: for good

[case]
rules_file = "case-rules.toml"  # kinds of sources, authorities, analysis rooms, deadlines

[identifiers]
fh = false  # accept FH-numbers
catalogue = "learned"  # "required": refuse numbers that the identity feed has not told of
%s
[log]
level = "info"
)";
  const bool trial = config.environment == Environment::kTrial;
  return absl::StrFormat(kText, Quoted(NameOf(config.environment)), Quoted(config.controller), Quoted(config.listen),
                         Quoted(config.trust_domain), Quoted(config.trust_domain + "/log"),
                         trial ? "synthetic80 = true  # synthetic persons\n" : "");
}

}  // namespace kobling::server
