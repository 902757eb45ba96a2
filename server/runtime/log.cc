#include "server/runtime/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "absl/strings/str_format.h"
#include "grpc/support/log.h"

namespace kobling::server {
namespace {

constexpr std::array kLevels = {Level::kDebug, Level::kInfo, Level::kWarning, Level::kError};

// An identifier written as a number is at least this: no day of birth is 00.
constexpr std::uint64_t kFirstPossibleIdentifier = 1'000'000'000;
constexpr std::string_view kRemoved = "\"[removed]\"";

std::string JsonText(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      json += absl::StrFormat("\\u%04x", byte);
    } else {
      json += c;
    }
  }
  json += '"';
  return json;
}

std::string UtcTime(absl::Time time) { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()); }

// Bytes above 0x7f that a library may have taken from anywhere need not be UTF-8, and JSON must be.
std::string AsciiOnly(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) > 0x7f) {
      c = '?';
    }
  }
  return text;
}

// spdlog's way to the sink of the caller.
class ForwardingSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit ForwardingSink(std::shared_ptr<LogSink> target) : target_(std::move(target)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    target_->Write(std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

 private:
  const std::shared_ptr<LogSink> target_;
};

std::shared_ptr<spdlog::sinks::sink> StandardError() {
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_formatter(std::make_unique<spdlog::pattern_formatter>("%v"));
  return sink;
}

// The one piece of state that the process shares: gRPC's log function has no parameter for it.
struct GrpcLogTarget {
  std::mutex mutex;
  Log* log = nullptr;  // guarded by mutex
};
GrpcLogTarget& TheGrpcLogTarget() {
  // Never destroyed: gRPC's threads may log until the process is gone.
  static auto* const target = new GrpcLogTarget;
  return *target;
}

Level LevelOfGrpc(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return Level::kDebug;
    case GPR_LOG_SEVERITY_INFO:
      return Level::kInfo;
    case GPR_LOG_SEVERITY_ERROR:
      return Level::kWarning;  // an error to gRPC is mostly a peer that hung up
  }
  return Level::kWarning;
}

}  // namespace

std::string_view NameOf(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::optional<Level> LevelFromName(std::string_view name) {
  for (const Level level : kLevels) {
    if (NameOf(level) == name) {
      return level;
    }
  }
  return std::nullopt;
}

LogField FieldMaker::Number(ConstantText name, std::int64_t value) {
  const std::uint64_t magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  return LogField(name, magnitude < kFirstPossibleIdentifier ? absl::StrFormat("%d", value) : std::string(kRemoved));
}

LogField FieldMaker::Number(ConstantText name, std::uint64_t value) {
  return LogField(name, value < kFirstPossibleIdentifier ? absl::StrFormat("%d", value) : std::string(kRemoved));
}

LogField FieldMaker::Seconds(ConstantText name, absl::Duration value) {
  constexpr double kMostSeconds = 999'999'999;
  const double seconds = absl::ToDoubleSeconds(value);
  if (!(seconds > -kMostSeconds && seconds < kMostSeconds)) {
    return LogField(name, std::string(kRemoved));
  }
  return LogField(name, absl::StrFormat("%.3f", seconds));
}

LogField FieldMaker::Time(ConstantText name, absl::Time value) { return LogField(name, JsonText(UtcTime(value))); }

LogField FieldMaker::Constant(ConstantText name, std::string_view value) { return LogField(name, JsonText(value)); }

LogField FieldMaker::Error(ConstantText name, const absl::Status& status) {
  const auto reason = domain::ReasonOf(status);
  if (!reason) {
    return LogField(name, JsonText(absl::StatusCodeToString(status.code())));
  }
  const std::string where = domain::WhereOf(status);
  const std::string_view reason_name = domain::InfoOf(*reason).name;
  return LogField(name,
                  JsonText(where.empty() ? std::string(reason_name) : absl::StrFormat("%s (%s)", reason_name, where)));
}

struct Log::Backend {
  explicit Backend(std::shared_ptr<spdlog::sinks::sink> sink) : logger("kobling", std::move(sink)) {
    logger.set_level(spdlog::level::trace);
    logger.flush_on(spdlog::level::trace);
  }
  spdlog::logger logger;
};

Log::Log(Level least, const domain::Clock& clock)
    : least_(least), clock_(clock), backend_(std::make_unique<Backend>(StandardError())) {}

Log::Log(Level least, const domain::Clock& clock, std::shared_ptr<LogSink> sink)
    : least_(least),
      clock_(clock),
      backend_(std::make_unique<Backend>(std::make_shared<ForwardingSink>(std::move(sink)))) {}

Log::~Log() = default;

void Log::Debug(ConstantText message, std::initializer_list<LogField> fields) {
  Write(Level::kDebug, message.text(), fields);
}
void Log::Info(ConstantText message, std::initializer_list<LogField> fields) {
  Write(Level::kInfo, message.text(), fields);
}
void Log::Warning(ConstantText message, std::initializer_list<LogField> fields) {
  Write(Level::kWarning, message.text(), fields);
}
void Log::Error(ConstantText message, std::initializer_list<LogField> fields) {
  Write(Level::kError, message.text(), fields);
}

void Log::Write(Level level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < least_) {
    return;
  }
  std::string line = absl::StrFormat(R"({"time":"%s","level":"%s","message":%s)", UtcTime(clock_.Now()), NameOf(level),
                                     JsonText(message));
  for (const LogField& field : fields) {
    line += absl::StrFormat(",%s:%s", JsonText(field.name()), field.json());
  }
  line += "}";
  backend_->logger.log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Log::WriteFromLibrary(Level level, ConstantText message, std::string_view text) {
  Write(level, message.text(), {FieldMaker::Constant("text", AsciiOnly(domain::Scrub(text)))});
}

GrpcLogRoute::GrpcLogRoute(Log& log) {
  GrpcLogTarget& target = TheGrpcLogTarget();
  {
    const std::lock_guard lock(target.mutex);
    target.log = &log;
  }
  gpr_set_log_verbosity(log.least_ == Level::kDebug ? GPR_LOG_SEVERITY_DEBUG : GPR_LOG_SEVERITY_ERROR);
  gpr_set_log_function([](gpr_log_func_args* args) {
    GrpcLogTarget& current = TheGrpcLogTarget();
    const std::lock_guard lock(current.mutex);
    if (current.log != nullptr) {
      current.log->WriteFromLibrary(LevelOfGrpc(args->severity), "grpc", args->message);
    }
  });
}

GrpcLogRoute::~GrpcLogRoute() {
  GrpcLogTarget& target = TheGrpcLogTarget();
  const std::lock_guard lock(target.mutex);
  target.log = nullptr;
}

}  // namespace kobling::server
