#include "client/message_json.h"

#include <cctype>

#include "absl/time/time.h"
#include "domain/error.h"
#include "google/protobuf/timestamp.pb.h"

namespace kobling::client {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

// PROJECT_STATE_ for ProjectState.
std::string PrefixOf(const EnumDescriptor& type) {
  std::string prefix;
  for (const char c : type.name()) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) {
      prefix += '_';
    }
    prefix += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return prefix + '_';
}

Json TimeOf(const Timestamp& time) {
  const absl::Time moment = absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", moment, absl::UTCTimeZone());
}

// Reasons travel as numbers in counts of bad rows; people and programs go by the name.
constexpr const char* kFaultReason = "kobling.v1.FaultCount.reason";

Json ReasonName(std::uint32_t number) {
  const auto reason = domain::ReasonFromNumber(number);
  return reason ? Json(std::string(domain::InfoOf(*reason).name)) : Json(number);
}

Json MessageOf(const Message& message) {
  if (message.GetDescriptor() == Timestamp::descriptor()) {
    Timestamp time;
    time.CopyFrom(message);
    return TimeOf(time);
  }
  return ToJson(message);
}

Json SingleOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      if (field.full_name() == kFaultReason) {
        return ReasonName(reflection.GetUInt32(message, &field));
      }
      return reflection.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return reflection.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return WordOf(*reflection.GetEnum(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return reflection.HasField(message, &field) ? MessageOf(reflection.GetMessage(message, &field)) : Json();
    default:
      // The API has no field of another type.
      return Json();
  }
}

Json ListOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  Json list = Json::array();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      list.push_back(MessageOf(reflection.GetRepeatedMessage(message, &field, i)));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      list.push_back(reflection.GetRepeatedString(message, &field, i));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
      list.push_back(reflection.GetRepeatedUInt64(message, &field, i));
    }
  }
  return list;
}

}  // namespace

Json ToJson(const Message& message) {
  Json object = Json::object();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    object[field.name()] = field.is_repeated() ? ListOf(message, field) : SingleOf(message, field);
  }
  return object;
}

std::string WordOf(const EnumValueDescriptor& value) {
  if (value.number() == 0) {
    return "";
  }
  std::string word = value.name().substr(PrefixOf(*value.type()).size());
  for (char& c : word) {
    c = c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return word;
}

const EnumValueDescriptor* FindWord(const EnumDescriptor& type, std::string_view word) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 && WordOf(*type.value(i)) == word) {
      return type.value(i);
    }
  }
  return nullptr;
}

std::vector<std::string> WordsOf(const EnumDescriptor& type) {
  std::vector<std::string> words;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) {
      words.push_back(WordOf(*type.value(i)));
    }
  }
  return words;
}

}  // namespace kobling::client
