#include "server/core/copy_fields.h"

#include <set>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "kobling/storage/v1/records.pb.h"
#include "kobling/v1/project_service.pb.h"

namespace kobling::server {
namespace {

namespace api = kobling::v1;
namespace records = kobling::storage::v1;
using google::protobuf::Descriptor;

// Fields of `to` that no field of `from` fills, at any depth.
void AddMissing(const Descriptor& from, const Descriptor& to, const std::string& prefix,
                std::set<std::string>& missing) {
  for (int i = 0; i < to.field_count(); ++i) {
    const auto& field = *to.field(i);
    const auto* const other = from.FindFieldByName(field.name());
    if (other == nullptr || !CanCopyField(*other, field)) {
      missing.insert(prefix + field.name());
    } else if (field.message_type() != nullptr) {
      AddMissing(*other->message_type(), *field.message_type(), prefix + field.name() + ".", missing);
    }
  }
}

TEST(CopySameFields, EveryFieldThatACaseworkerWritesIsStored) {
  std::set<std::string> missing;
  AddMissing(*api::ProjectCase::descriptor(), *records::CaseRecord::descriptor(), "", missing);
  EXPECT_THAT(missing, testing::IsEmpty()) << "stored, but in no message";
  AddMissing(*records::CaseRecord::descriptor(), *api::ProjectCase::descriptor(), "", missing);
  EXPECT_THAT(missing,
              testing::UnorderedElementsAre("sources.complete", "sources.locked", "sources.included", "conditions.met"))
      << "what the server alone tells is not in the stored case";
}

TEST(CopySameFields, ThereAndBackIsTheSame) {
  api::ProjectCase original;
  original.set_title("Tittel");
  original.set_purpose_kind(api::PURPOSE_KIND_PLANNING);
  original.set_approved_persons(5'000'000'000);
  api::Source& source = *original.add_sources();
  source.set_register_id("NPR");
  source.set_scope(api::SCOPE_INTERSECTION);
  source.set_includes_relatives(true);
  source.set_usage_due_days(30);
  api::Condition& condition = *original.add_conditions();
  condition.set_kind(api::CONDITION_KIND_DELETION);
  condition.set_text("Slettes");
  records::CaseRecord record;
  CopySameFields(original, record);
  EXPECT_EQ(record.purpose_kind(), 5U);
  EXPECT_EQ(record.sources(0).scope(), records::SCOPE_RECORD_INTERSECTION);
  api::ProjectCase back;
  back.add_sources()->set_register_id("is replaced");
  CopySameFields(record, back);
  EXPECT_EQ(back.SerializeAsString(), original.SerializeAsString());
}

TEST(CopySameFields, ANumberThatNoEnumKnowsIsKept) {
  records::CaseRecord record;
  record.set_purpose_kind(99);
  api::ProjectCase project_case;
  CopySameFields(record, project_case);
  EXPECT_EQ(static_cast<int>(project_case.purpose_kind()), 99);
}

}  // namespace
}  // namespace kobling::server
