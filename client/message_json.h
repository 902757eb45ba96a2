// Messages of the API as JSON: the names of the protocol files, enum values in words, times in UTC.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace kobling::client {

using Json = nlohmann::ordered_json;

// Every field in the order of the protocol file. Texts, numbers and lists that are not set are empty, messages are
// null. 64-bit counts are numbers. A timestamp is "2026-11-22T10:00:00Z", the reason of a count of
// bad rows its name.
Json ToJson(const google::protobuf::Message& message);

// "active" for PROJECT_STATE_ACTIVE; empty for the value 0, which means that nothing is set.
std::string WordOf(const google::protobuf::EnumValueDescriptor& value);

// The value that a word stands for, or null.
const google::protobuf::EnumValueDescriptor* FindWord(const google::protobuf::EnumDescriptor& type,
                                                      std::string_view word);

// All words of the type.
std::vector<std::string> WordsOf(const google::protobuf::EnumDescriptor& type);

}  // namespace kobling::client
