// Fields that a stored record and an API message have in common.
#pragma once

#include "google/protobuf/message.h"

namespace kobling::server {

// Sets every field of `to` from the field of the same name in `from`: texts, numbers, switches, messages and lists of
// them, at any depth. An enum and a uint32 of the same name stand for each other by number. Fields of `to` without such
// a field in `from`, or whose field is of another kind there, stay as they are; CanCopyField tells which they are.
void CopySameFields(const google::protobuf::Message& from, google::protobuf::Message& to);

// Whether CopySameFields copies between these two fields.
bool CanCopyField(const google::protobuf::FieldDescriptor& from, const google::protobuf::FieldDescriptor& to);

}  // namespace kobling::server
