// The operators' log: one JSON object per line. The message and the names of fields are constants of the program;
// values are numbers, times, opaque ids, reasons and constants. A piece of text that was made while running does not
// compile, so that no identifier, løpenummer or key can be logged by mistake.
//
//   log.Info("key file issued", {Field("project", id), Field("rows", rows)});
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "domain/clock.h"
#include "domain/error.h"
#include "domain/ids.h"
#include "server/runtime/listen_address.h"

namespace kobling::server {

enum class Level : std::uint8_t { kDebug, kInfo, kWarning, kError };
std::string_view NameOf(Level level);
std::optional<Level> LevelFromName(std::string_view name);

// A text that stands in the source code.
class ConstantText {
 public:
  template <std::size_t kSize>
  consteval ConstantText(const char (&text)[kSize]) : text_(text, kSize - 1) {}  // implicit: it is written as a literal
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// One name and value of a log line.
class LogField {
 public:
  std::string_view name() const { return name_.text(); }
  const std::string& json() const { return json_; }

 private:
  friend class FieldMaker;
  LogField(ConstantText name, std::string json) : name_(name), json_(std::move(json)) {}

  ConstantText name_;
  std::string json_;  // the value, as JSON
};

// Whole numbers: counts, lines, limits. Characters and truth values are not numbers.
template <typename T>
concept LoggableNumber =
    std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
    !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t>;

// Enumerations whose values have names, found as NameOf(value).
template <typename T>
concept NamedEnum = std::is_enum_v<T> && requires(T value) {
  { NameOf(value) } -> std::same_as<std::string_view>;
};

// What Field is made of; use Field.
class FieldMaker {
 public:
  static LogField Number(ConstantText name, std::int64_t value);
  static LogField Number(ConstantText name, std::uint64_t value);
  static LogField Seconds(ConstantText name, absl::Duration value);
  static LogField Time(ConstantText name, absl::Time value);
  static LogField Constant(ConstantText name, std::string_view value);
  static LogField Error(ConstantText name, const absl::Status& status);
};

// A number of ten digits or more could be an identifier and is written as "[removed]".
template <LoggableNumber T>
LogField Field(ConstantText name, T value) {
  if constexpr (std::signed_integral<T>) {
    return FieldMaker::Number(name, static_cast<std::int64_t>(value));
  } else {
    return FieldMaker::Number(name, static_cast<std::uint64_t>(value));
  }
}
// In seconds, with milliseconds.
inline LogField Field(ConstantText name, absl::Duration value) { return FieldMaker::Seconds(name, value); }
// In UTC.
inline LogField Field(ConstantText name, absl::Time value) { return FieldMaker::Time(name, value); }
inline LogField Field(ConstantText name, ConstantText value) { return FieldMaker::Constant(name, value.text()); }
template <NamedEnum T>
LogField Field(ConstantText name, T value) {
  return FieldMaker::Constant(name, NameOf(value));
}
template <typename Tag>
LogField Field(ConstantText name, const domain::StrongId<Tag>& id) {
  return FieldMaker::Constant(name, id.text());
}
inline LogField Field(ConstantText name, domain::Reason reason) {
  return FieldMaker::Constant(name, domain::InfoOf(reason).name);
}
inline LogField Field(ConstantText name, const ListenAddress& address) {
  return FieldMaker::Constant(name, address.text());
}
// The reason and where, both safe by their making; of a status that has no reason, the canonical code alone.
inline LogField Field(ConstantText name, const absl::Status& status) { return FieldMaker::Error(name, status); }

// Where finished lines go.
class LogSink {
 public:
  virtual ~LogSink() = default;
  // One line, without its line break. Called by several threads, one at a time.
  virtual void Write(std::string_view line) = 0;
};

// Safe to use from several threads. The clock must outlive it.
class Log {
 public:
  // Writes to standard error.
  Log(Level least, const domain::Clock& clock);
  // Writes to a sink of the caller's.
  Log(Level least, const domain::Clock& clock, std::shared_ptr<LogSink> sink);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void Debug(ConstantText message, std::initializer_list<LogField> fields = {});
  void Info(ConstantText message, std::initializer_list<LogField> fields = {});
  void Warning(ConstantText message, std::initializer_list<LogField> fields = {});
  void Error(ConstantText message, std::initializer_list<LogField> fields = {});

 private:
  friend class GrpcLogRoute;
  struct Backend;

  void Write(Level level, std::string_view message, std::initializer_list<LogField> fields);
  // A library's own words, scrubbed.
  void WriteFromLibrary(Level level, ConstantText message, std::string_view text);

  const Level least_;
  const domain::Clock& clock_;
  const std::unique_ptr<Backend> backend_;
};

// While it lives, gRPC's own log goes to `log`, scrubbed. gRPC has one log function per process and gives it no
// context, so at most one route may live at a time, and what gRPC says outside its life is dropped.
class GrpcLogRoute {
 public:
  explicit GrpcLogRoute(Log& log);
  ~GrpcLogRoute();
  GrpcLogRoute(const GrpcLogRoute&) = delete;
  GrpcLogRoute& operator=(const GrpcLogRoute&) = delete;
};

}  // namespace kobling::server
