#include "server/core/project_case.h"

#include <gtest/gtest.h>

#include "server/core/convert.h"
#include "server/core/core_testing.h"
#include "server/core/lawful_case.h"

namespace kobling::server {
namespace {

using domain::Reason;

std::map<std::string, records::RegisterRecord> TwoRegisters() { return {{"NPR", {}}, {"DAAR", {}}}; }

records::CaseRecord Complete() {
  records::CaseRecord project_case = ToRecord(FullCase({Defining("NPR"), WholePopulation("DAAR")}));
  for (records::SourceRecord& source : *project_case.mutable_sources()) {
    source.set_kind("kvalitetsregister");
  }
  return project_case;
}

void ExpectMalformed(const records::CaseRecord& project_case, Reason reason, std::string_view field) {
  const absl::Status status = CheckCase(project_case, TwoRegisters(), DefaultCaseRules());
  EXPECT_THAT(status, RefusedWith(reason));
  EXPECT_EQ(DetailOf(status, "field"), field);
}

TEST(ProjectCase, ACompleteCasePasses) {
  EXPECT_THAT(CheckCase(Complete(), TwoRegisters(), DefaultCaseRules()), IsOk());
  EXPECT_THAT(CheckComplete(Complete(), DefaultCaseRules()), IsOk());
  EXPECT_THAT(CheckCase(records::CaseRecord(), TwoRegisters(), DefaultCaseRules()), IsOk())
      << "a draft may lack everything";
}

TEST(ProjectCase, EachMissingFieldIsNamed) {
  using Clear = void (*)(records::CaseRecord&);
  const std::vector<std::pair<std::string, Clear>> fields = {
      {"title", [](records::CaseRecord& c) { c.clear_title(); }},
      {"purpose", [](records::CaseRecord& c) { c.clear_purpose(); }},
      {"purpose_kind", [](records::CaseRecord& c) { c.clear_purpose_kind(); }},
      {"data_user", [](records::CaseRecord& c) { c.clear_data_user(); }},
      {"decision_reference", [](records::CaseRecord& c) { c.clear_decision_reference(); }},
      {"decision_date", [](records::CaseRecord& c) { c.clear_decision_date(); }},
      {"legal_basis", [](records::CaseRecord& c) { c.clear_legal_basis(); }},
      {"linkage_performer", [](records::CaseRecord& c) { c.clear_linkage_performer(); }},
      {"linkage_register_id", [](records::CaseRecord& c) { c.set_linkage_performer(2); }},
      {"approved_persons", [](records::CaseRecord& c) { c.clear_approved_persons(); }},
      {"start_date", [](records::CaseRecord& c) { c.clear_start_date(); }},
      {"end_date", [](records::CaseRecord& c) { c.clear_end_date(); }},
      {"deletion_date", [](records::CaseRecord& c) { c.clear_deletion_date(); }},
      {"contact", [](records::CaseRecord& c) { c.clear_contact(); }},
      {"title_nynorsk", [](records::CaseRecord& c) { c.clear_title_nynorsk(); }},
      {"title_english", [](records::CaseRecord& c) { c.clear_title_english(); }},
      {"purpose_nynorsk", [](records::CaseRecord& c) { c.clear_purpose_nynorsk(); }},
      {"purpose_english", [](records::CaseRecord& c) { c.clear_purpose_english(); }},
      {"linkage_controller", [](records::CaseRecord& c) { c.set_linkage_performer(3); }},
      {"analysis_room", [](records::CaseRecord& c) { c.clear_analysis_room(); }},
      {"analysis_room_details", [](records::CaseRecord& c) { c.set_analysis_room("other"); }},
      {"sources[NPR].kind", [](records::CaseRecord& c) { c.mutable_sources(0)->clear_kind(); }},
      {"sources", [](records::CaseRecord& c) { c.mutable_sources(0)->set_withdrawn(true); }},
      {"sources", [](records::CaseRecord& c) { c.clear_sources(); }},
      {"sources", [](records::CaseRecord& c) { c.mutable_sources(0)->set_defines_population(false); }},
      {"sources[NPR].scope", [](records::CaseRecord& c) { c.mutable_sources(0)->clear_scope(); }},
      {"sources[NPR].legal_reference", [](records::CaseRecord& c) { c.mutable_sources(0)->clear_legal_reference(); }},
      {"sources[DAAR].scope_reason", [](records::CaseRecord& c) { c.mutable_sources(1)->clear_scope_reason(); }},
  };
  for (const auto& [name, clear] : fields) {
    records::CaseRecord project_case = Complete();
    clear(project_case);
    const absl::Status status = CheckComplete(project_case, DefaultCaseRules());
    EXPECT_THAT(status, RefusedWith(Reason::kProjectIncomplete)) << name;
    EXPECT_EQ(DetailOf(status, "field"), name);
    EXPECT_FALSE(DetailOf(status, "hint").empty()) << name;
  }
}

TEST(ProjectCase, EveryFieldOfACaseIsEitherNeededOrKnownToBeOptional) {
  // A field that is added to the case must be thought of: needed (above), or named here.
  const std::set<std::string> optional = {"linkage_register_id",
                                          "linkage_controller",
                                          "analysis_room_details",
                                          "case_number",
                                          "conditions",
                                          "rights",
                                          "rights_nynorsk",
                                          "rights_english",
                                          "results_link",
                                          "application_complete_date",
                                          "insight_exemption_reason",
                                          "insight_exemption_reference",
                                          "insight_exemption_until",
                                          "series_origin"};
  const records::CaseRecord complete = Complete();
  for (int i = 0; i < records::CaseRecord::descriptor()->field_count(); ++i) {
    const auto* const field = records::CaseRecord::descriptor()->field(i);
    records::CaseRecord without = complete;
    without.GetReflection()->ClearField(&without, field);
    EXPECT_EQ(CheckComplete(without, DefaultCaseRules()).ok(), optional.contains(field->name())) << field->name();
  }
}

TEST(ProjectCase, LessIsAskedWhereTheNumbersWereMadeElsewhere) {
  const std::set<std::string> needed = {"title",       "purpose",    "contact",  "data_user",     "decision_reference",
                                        "legal_basis", "start_date", "end_date", "deletion_date", "decision_date",
                                        "sources"};
  records::CaseRecord complete = Complete();
  complete.set_series_origin("laget av Eksempel i 2015");
  for (int i = 0; i < records::CaseRecord::descriptor()->field_count(); ++i) {
    const auto* const field = records::CaseRecord::descriptor()->field(i);
    if (field->name() == "series_origin") {
      continue;
    }
    records::CaseRecord without = complete;
    without.GetReflection()->ClearField(&without, field);
    const absl::Status status = CheckComplete(without, DefaultCaseRules());
    EXPECT_EQ(status.ok(), !needed.contains(field->name())) << field->name();
    EXPECT_EQ(DetailOf(status, "field"), status.ok() ? "" : field->name());
  }
  records::CaseRecord bare_source = complete;
  bare_source.mutable_sources(0)->Clear();
  bare_source.mutable_sources(0)->set_register_id("NPR");
  EXPECT_EQ(DetailOf(CheckComplete(bare_source, DefaultCaseRules()), "field"), "sources[NPR].legal_reference");
  bare_source.mutable_sources(0)->set_legal_reference("§ 20");
  EXPECT_THAT(CheckComplete(bare_source, DefaultCaseRules()), IsOk());
}

TEST(ProjectCase, IdentifiersInTextsAreRefused) {
  using Set = void (*)(records::CaseRecord&, const std::string&);
  const std::vector<std::pair<std::string, Set>> texts = {
      {"title", [](records::CaseRecord& c, const std::string& text) { c.set_title(text); }},
      {"purpose", [](records::CaseRecord& c, const std::string& text) { c.set_purpose(text); }},
      {"data_user", [](records::CaseRecord& c, const std::string& text) { c.set_data_user(text); }},
      {"decision_reference", [](records::CaseRecord& c, const std::string& text) { c.set_decision_reference(text); }},
      {"legal_basis", [](records::CaseRecord& c, const std::string& text) { c.set_legal_basis(text); }},
      {"contact", [](records::CaseRecord& c, const std::string& text) { c.set_contact(text); }},
      {"title_nynorsk", [](records::CaseRecord& c, const std::string& text) { c.set_title_nynorsk(text); }},
      {"title_english", [](records::CaseRecord& c, const std::string& text) { c.set_title_english(text); }},
      {"purpose_nynorsk", [](records::CaseRecord& c, const std::string& text) { c.set_purpose_nynorsk(text); }},
      {"purpose_english", [](records::CaseRecord& c, const std::string& text) { c.set_purpose_english(text); }},
      {"rights", [](records::CaseRecord& c, const std::string& text) { c.set_rights(text); }},
      {"rights_nynorsk", [](records::CaseRecord& c, const std::string& text) { c.set_rights_nynorsk(text); }},
      {"rights_english", [](records::CaseRecord& c, const std::string& text) { c.set_rights_english(text); }},
      {"results_link", [](records::CaseRecord& c, const std::string& text) { c.set_results_link(text); }},
      {"case_number", [](records::CaseRecord& c, const std::string& text) { c.set_case_number(text); }},
      {"linkage_controller", [](records::CaseRecord& c, const std::string& text) { c.set_linkage_controller(text); }},
      {"analysis_room_details",
       [](records::CaseRecord& c, const std::string& text) { c.set_analysis_room_details(text); }},
      {"insight_exemption_reason",
       [](records::CaseRecord& c, const std::string& text) {
         c.set_insight_exemption_reason(text);
         c.set_insight_exemption_reference("§ 17");
         c.set_insight_exemption_until("2027-01-01");
       }},
      {"insight_exemption_reference",
       [](records::CaseRecord& c, const std::string& text) {
         c.set_insight_exemption_reason("fordi");
         c.set_insight_exemption_reference(text);
         c.set_insight_exemption_until("2027-01-01");
       }},
      {"series_origin", [](records::CaseRecord& c, const std::string& text) { c.set_series_origin(text); }},
      {"conditions[1].text",
       [](records::CaseRecord& c, const std::string& text) {
         c.add_conditions()->set_kind(1);
         c.mutable_conditions(0)->set_text(text);
       }},
      {"sources[NPR].controller",
       [](records::CaseRecord& c, const std::string& text) { c.mutable_sources(0)->set_controller(text); }},
      {"sources[NPR].decision_reference",
       [](records::CaseRecord& c, const std::string& text) { c.mutable_sources(0)->set_decision_reference(text); }},
      {"sources[NPR].dispensation_reference",
       [](records::CaseRecord& c, const std::string& text) { c.mutable_sources(0)->set_dispensation_reference(text); }},
      {"sources[NPR].legal_reference",
       [](records::CaseRecord& c, const std::string& text) { c.mutable_sources(0)->set_legal_reference(text); }},
      {"sources[NPR].scope_reason",
       [](records::CaseRecord& c, const std::string& text) { c.mutable_sources(0)->set_scope_reason(text); }},
  };
  const std::string id = Person(0);
  const std::string begin = id.substr(0, 6);
  const std::string end = id.substr(6);
  for (const std::string& text : {id, "om " + id + ".", id + "\n", begin + " " + end, begin + "-" + end + "x",
                                  begin.substr(0, 2) + " " + begin.substr(2, 2) + " " + begin.substr(4) + " " + end}) {
    for (const auto& [field, set] : texts) {
      records::CaseRecord project_case = Complete();
      set(project_case, text);
      ExpectMalformed(project_case, Reason::kFieldMalformed, field);
      const std::string shown = CheckCase(project_case, TwoRegisters(), DefaultCaseRules()).ToString();
      EXPECT_EQ(shown.find(id.substr(0, 6)), std::string::npos) << "the error shows it";
    }
  }
}

TEST(ProjectCase, LopenumreInTextsAreRefused) {
  TestCore server;
  std::string lopenummer = server.ExpectedLopenummer("P0001", Person(0));
  records::CaseRecord project_case = Complete();
  project_case.set_purpose("gjelder " + lopenummer);
  ExpectMalformed(project_case, Reason::kFieldMalformed, "purpose");
  for (char& c : lopenummer) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  project_case.set_purpose("gjelder " + lopenummer);
  ExpectMalformed(project_case, Reason::kFieldMalformed, "purpose");
}

TEST(ProjectCase, OrdinaryNumbersInTextsPass) {
  for (const char* text : {"26/1234-5", "REK 2026/123456", "org. 987654321", "tlf. 22 33 44 55", "123456 1234",
                           "kl. 10-12, 2026-11-22", "REK 123456-12"}) {
    EXPECT_THAT(CheckText("title", text), IsOk()) << text;
  }
}

TEST(ProjectCase, TextsAreUtf8WithoutControlCharactersAndNotTooLong) {
  EXPECT_THAT(CheckText("title", "æøå\n€𝄞"), IsOk());
  for (const std::string& text :
       {std::string("\xe5"), std::string("\xc3"), std::string("a\xff"), std::string("\xc3(", 2), std::string("a\0b", 3),
        std::string("a\tb"), std::string("\x7f"), std::string("\x1b[31m")}) {
    EXPECT_THAT(CheckText("title", text), RefusedWith(Reason::kFieldMalformed));
  }
  EXPECT_THAT(CheckText("title", std::string(4000, 'a')), IsOk());
  EXPECT_THAT(CheckText("title", std::string(4001, 'a')), RefusedWith(Reason::kFieldTooLong));
  EXPECT_THAT(CheckRequiredText("title", " \n "), RefusedWith(Reason::kFieldMissing));
}

TEST(ProjectCase, DatesMustBeDatesAndInOrder) {
  records::CaseRecord project_case = Complete();
  project_case.set_end_date("2026-02-30");
  ExpectMalformed(project_case, Reason::kFieldMalformed, "end_date");
  project_case = Complete();
  project_case.set_end_date("2026-10-31");
  ExpectMalformed(project_case, Reason::kDateOrder, "end_date");
  project_case = Complete();
  project_case.set_deletion_date("2027-10-31");
  ExpectMalformed(project_case, Reason::kDateOrder, "deletion_date");
  project_case = Complete();
  project_case.set_end_date(project_case.start_date());
  project_case.set_deletion_date(project_case.start_date());
  EXPECT_THAT(CheckCase(project_case, TwoRegisters(), DefaultCaseRules()), IsOk());
}

TEST(ProjectCase, AnExemptionFromInsightIsWholeAndEndsWithTheProject) {
  const auto with = [](const char* reason, const char* reference, const char* until) {
    records::CaseRecord project_case = Complete();
    project_case.set_insight_exemption_reason(reason);
    project_case.set_insight_exemption_reference(reference);
    project_case.set_insight_exemption_until(until);
    return project_case;
  };
  for (const char* until : {"2026-11-01", "2030-01-01"}) {
    EXPECT_THAT(CheckCase(with("fordi", "§ 17", until), TwoRegisters(), DefaultCaseRules()), IsOk()) << until;
  }
  for (const char* until : {"2026-10-31", "2030-01-02"}) {
    ExpectMalformed(with("fordi", "§ 17", until), Reason::kDateOrder, "insight_exemption_until");
  }
  ExpectMalformed(with("fordi", "§ 17", "for good"), Reason::kFieldMalformed, "insight_exemption_until");
  ExpectMalformed(with("", "§ 17", "2027-01-01"), Reason::kFieldMissing, "insight_exemption_reason");
  ExpectMalformed(with("fordi", "", "2027-01-01"), Reason::kFieldMissing, "insight_exemption_reference");
  ExpectMalformed(with("fordi", "§ 17", ""), Reason::kFieldMissing, "insight_exemption_until");
  const absl::Status status = CheckCase(with("fordi", "§ 17", ""), TwoRegisters(), DefaultCaseRules());
  EXPECT_THAT(DetailOf(status, "hint"), ::testing::HasSubstr("personopplysningsloven"));
}

TEST(ProjectCase, SourcesMustMakeSense) {
  records::CaseRecord project_case = Complete();
  project_case.mutable_sources(1)->set_register_id("NPR");
  EXPECT_THAT(CheckCase(project_case, TwoRegisters(), DefaultCaseRules()), RefusedWith(Reason::kSourceExists));
  project_case = Complete();
  project_case.mutable_sources(1)->set_register_id("KRG");
  EXPECT_THAT(CheckCase(project_case, TwoRegisters(), DefaultCaseRules()), RefusedWith(Reason::kRegisterNotFound));
  project_case = Complete();
  project_case.mutable_sources(1)->set_scope(records::SCOPE_RECORD_OWN);
  ExpectMalformed(project_case, Reason::kFieldMalformed, "sources[DAAR].scope");
  project_case = Complete();
  project_case.mutable_sources(1)->set_scope(static_cast<records::ScopeRecord>(4));
  ExpectMalformed(project_case, Reason::kFieldMalformed, "sources[DAAR].scope");
  project_case = Complete();
  project_case.set_purpose_kind(8);
  ExpectMalformed(project_case, Reason::kFieldMalformed, "purpose_kind");
  project_case = Complete();
  project_case.set_linkage_performer(4);
  ExpectMalformed(project_case, Reason::kFieldMalformed, "linkage_performer");
}

TEST(ProjectCase, DifferencesNameEveryFieldWithOldAndNewValue) {
  const records::CaseRecord before = Complete();
  records::CaseRecord after = before;
  after.set_approved_persons(7);
  after.mutable_sources(0)->set_includes_relatives(true);
  after.mutable_sources(1)->set_scope(records::SCOPE_RECORD_INTERSECTION);
  const std::vector<transparency::EventChange> expected = {{"approved_persons", "1000", "7"},
                                                           {"sources[DAAR].scope", "POPULATION", "INTERSECTION"},
                                                           {"sources[NPR].includes_relatives", "no", "yes"}};
  EXPECT_EQ(DifferencesOf(before, after), expected);
  EXPECT_TRUE(DifferencesOf(before, before).empty());
}

// Stored states carry the numbers of the API.
template <typename Stored, typename Shown>
void ExpectSameNumbers(const std::string& stored_prefix, const std::string& shown_prefix) {
  const auto& stored = *google::protobuf::GetEnumDescriptor<Stored>();
  const auto& shown = *google::protobuf::GetEnumDescriptor<Shown>();
  ASSERT_EQ(stored.value_count(), shown.value_count());
  for (int i = 0; i < stored.value_count(); ++i) {
    EXPECT_EQ(stored.value(i)->number(), shown.value(i)->number());
    EXPECT_EQ(stored.value(i)->name().substr(stored_prefix.size()), shown.value(i)->name().substr(shown_prefix.size()));
  }
}

TEST(Convert, StoredStatesHaveTheNumbersAndNamesOfTheApi) {
  ExpectSameNumbers<records::ProjectStateRecord, api::ProjectState>("PROJECT_STATE_RECORD_", "PROJECT_STATE_");
  ExpectSameNumbers<records::ScopeRecord, api::Scope>("SCOPE_RECORD_", "SCOPE_");
  ExpectSameNumbers<records::MatchStateRecord, api::MatchState>("MATCH_STATE_RECORD_", "MATCH_STATE_");
  ExpectSameNumbers<records::RecipientKeyStateRecord, api::RecipientKeyState>("RECIPIENT_KEY_STATE_RECORD_",
                                                                              "RECIPIENT_KEY_STATE_");
}

TEST(Convert, ACaseComesBackAsItWas) {
  api::ProjectCase project_case = FullCase({Defining("NPR"), WholePopulation("DAAR")});
  project_case.set_linkage_register_id("NPR");
  project_case.mutable_sources(0)->set_includes_relatives(true);
  EXPECT_EQ(ToApi(ToRecord(project_case)).SerializeAsString(), project_case.SerializeAsString());
}

TEST(Convert, TimesBeforeAndAfterTheEpoch) {
  google::protobuf::Timestamp time;
  SetTime(1'500'000, time);
  EXPECT_EQ(time.seconds(), 1);
  EXPECT_EQ(time.nanos(), 500'000'000);
  SetTime(-1, time);
  EXPECT_EQ(time.seconds(), -1);
  EXPECT_EQ(time.nanos(), 999'999'000);
}

}  // namespace
}  // namespace kobling::server
