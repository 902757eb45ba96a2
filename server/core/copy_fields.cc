#include "server/core/copy_fields.h"

#include <string>

#include "google/protobuf/descriptor.h"

namespace kobling::server {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool IsNumber(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 || field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM;
}

std::uint32_t NumberOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM
             ? static_cast<std::uint32_t>(reflection.GetEnumValue(message, &field))
             : reflection.GetUInt32(message, &field);
}

void SetNumber(Message& message, const FieldDescriptor& field, std::uint32_t number) {
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
    reflection.SetEnumValue(&message, &field, static_cast<int>(number));
  } else {
    reflection.SetUInt32(&message, &field, number);
  }
}

void CopyField(const Message& from, const FieldDescriptor& from_field, Message& to, const FieldDescriptor& to_field) {
  const Reflection& read = *from.GetReflection();
  const Reflection& write = *to.GetReflection();
  if (from_field.is_repeated()) {
    write.ClearField(&to, &to_field);
    for (int i = 0; i < read.FieldSize(from, &from_field); ++i) {
      if (from_field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        CopySameFields(read.GetRepeatedMessage(from, &from_field, i), *write.AddMessage(&to, &to_field));
      } else {
        write.AddString(&to, &to_field, read.GetRepeatedString(from, &from_field, i));
      }
    }
    return;
  }
  if (IsNumber(from_field)) {
    SetNumber(to, to_field, NumberOf(from, from_field));
    return;
  }
  switch (from_field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      write.SetString(&to, &to_field, read.GetString(from, &from_field));
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      write.SetBool(&to, &to_field, read.GetBool(from, &from_field));
      break;
    case FieldDescriptor::CPPTYPE_UINT64:
      write.SetUInt64(&to, &to_field, read.GetUInt64(from, &from_field));
      break;
    default:
      if (read.HasField(from, &from_field)) {
        CopySameFields(read.GetMessage(from, &from_field), *write.MutableMessage(&to, &to_field));
      } else {
        write.ClearField(&to, &to_field);
      }
  }
}

}  // namespace

bool CanCopyField(const FieldDescriptor& from, const FieldDescriptor& to) {
  if (from.is_repeated() != to.is_repeated()) {
    return false;
  }
  if (IsNumber(from) && IsNumber(to)) {
    return !from.is_repeated();
  }
  if (from.cpp_type() != to.cpp_type()) {
    return false;
  }
  switch (from.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return from.type() == to.type();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return true;
    case FieldDescriptor::CPPTYPE_BOOL:
    case FieldDescriptor::CPPTYPE_UINT64:
      return !from.is_repeated();
    default:
      return false;
  }
}

void CopySameFields(const Message& from, Message& to) {
  const google::protobuf::Descriptor& type = *to.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& to_field = *type.field(i);
    const FieldDescriptor* const from_field = from.GetDescriptor()->FindFieldByName(to_field.name());
    if (from_field != nullptr && CanCopyField(*from_field, to_field)) {
      CopyField(from, *from_field, to, to_field);
    }
  }
}

}  // namespace kobling::server
