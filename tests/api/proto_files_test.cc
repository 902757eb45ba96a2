// The protocol files are the API's reference: everything in them is explained, and nothing in them is ambiguous.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/api/api_files.h"

namespace kobling::tests {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FileDescriptor;

// Names of what has no comment in front of it.
class Uncommented {
 public:
  template <typename Element>
  void Look(const Element& element) {
    google::protobuf::SourceLocation location;
    ++looked_at_;
    if (!element.GetSourceLocation(&location) ||
        location.leading_comments.find_first_not_of(" \n") == std::string::npos) {
      names_.push_back(element.full_name());
    }
  }
  void LookInto(const EnumDescriptor& type) {
    Look(type);
    for (int i = 0; i < type.value_count(); ++i) {
      Look(*type.value(i));
    }
  }
  void LookInto(const Descriptor& type) {
    Look(type);
    for (int i = 0; i < type.field_count(); ++i) {
      Look(*type.field(i));
    }
    for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
      Look(*type.oneof_decl(i));
    }
    for (int i = 0; i < type.nested_type_count(); ++i) {
      LookInto(*type.nested_type(i));
    }
    for (int i = 0; i < type.enum_type_count(); ++i) {
      LookInto(*type.enum_type(i));
    }
  }

  const std::vector<std::string>& names() const { return names_; }
  std::size_t looked_at() const { return looked_at_; }

 private:
  std::vector<std::string> names_;
  std::size_t looked_at_ = 0;
};

TEST(ProtoFiles, EverythingInThemIsExplained) {
  const ApiFiles api;
  Uncommented uncommented;
  for (const FileDescriptor* file : api.files()) {
    for (int i = 0; i < file->service_count(); ++i) {
      uncommented.Look(*file->service(i));
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        uncommented.Look(*file->service(i)->method(j));
      }
    }
    for (int i = 0; i < file->message_type_count(); ++i) {
      uncommented.LookInto(*file->message_type(i));
    }
    for (int i = 0; i < file->enum_type_count(); ++i) {
      uncommented.LookInto(*file->enum_type(i));
    }
  }
  EXPECT_EQ(uncommented.names(), std::vector<std::string>());
  EXPECT_GT(uncommented.looked_at(), 300U);
}

TEST(ProtoFiles, FieldNumbersAreUniqueDenseAndOutOfTheReservedRange) {
  const ApiFiles api;
  for (const FileDescriptor* file : api.files()) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const Descriptor& type = *file->message_type(i);
      std::set<int> numbers;
      for (int j = 0; j < type.field_count(); ++j) {
        EXPECT_TRUE(numbers.insert(type.field(j)->number()).second) << type.full_name();
      }
      for (int number = 1; number <= type.field_count(); ++number) {
        EXPECT_TRUE(numbers.contains(number) || type.IsReservedNumber(number))
            << type.full_name() << " skips " << number << " without reserving it";
      }
    }
  }
}

TEST(ProtoFiles, EnumerationsBeginWithAValueThatMeansNotSet) {
  const ApiFiles api;
  for (const FileDescriptor* file : api.files()) {
    for (int i = 0; i < file->enum_type_count(); ++i) {
      const EnumDescriptor& type = *file->enum_type(i);
      ASSERT_GT(type.value_count(), 1) << type.full_name();
      EXPECT_EQ(type.value(0)->number(), 0) << type.full_name();
      EXPECT_TRUE(type.value(0)->name().ends_with("_UNSPECIFIED")) << type.full_name();
      const std::string prefix = type.value(0)->name().substr(0, type.value(0)->name().size() - 11);
      for (int j = 0; j < type.value_count(); ++j) {
        EXPECT_TRUE(type.value(j)->name().starts_with(prefix)) << type.value(j)->full_name();
      }
    }
  }
}

TEST(ProtoFiles, OneServiceAFile) {
  const ApiFiles api;
  for (const FileDescriptor* file : api.files()) {
    EXPECT_LE(file->service_count(), 1) << file->name();
  }
}

}  // namespace
}  // namespace kobling::tests
