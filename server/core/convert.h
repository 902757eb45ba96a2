// Between what is stored and what the API shows.
#pragma once

#include <cstdint>

#include "kobling/storage/v1/records.pb.h"
#include "kobling/v1/common.pb.h"
#include "kobling/v1/key_file_service.pb.h"
#include "kobling/v1/population_service.pb.h"
#include "kobling/v1/project_service.pb.h"
#include "kobling/v1/register_service.pb.h"
#include "kobling/v1/reservation_service.pb.h"
#include "kobling/v1/usage_service.pb.h"

namespace kobling::server {

namespace api = ::kobling::v1;
namespace records = ::kobling::storage::v1;

void SetTime(std::int64_t time_us, google::protobuf::Timestamp& target);

api::Mark ToApi(const records::MarkRecord& mark);
api::Register ToApi(const records::RegisterRecord& record);
api::RecipientKey ToApi(const records::RecipientKeyRecord& key, std::string_view register_id);
api::ProjectCase ToApi(const records::CaseRecord& project_case);
api::StreamCounts ToApi(const records::StreamCountsRecord& counts);
api::Submission ToApi(const records::SubmissionRecord& submission);
api::MatchWindow ToApi(const records::MatchRecord& match);
api::KeyFile ToApi(const records::KeyFileRecord& key_file);
api::UsageReport ToApi(const records::UsageRecord& usage);
api::ReservationListVersion ToApi(const records::ReservationListRecord& list);

// With what each source has come to. `persons` is 0 for callers who may not know.
api::Project ToApi(const records::ProjectRecord& project, std::uint64_t persons);

records::CaseRecord ToRecord(const api::ProjectCase& project_case);
records::SourceRecord ToRecord(const api::Source& source);
records::StreamCountsRecord ToRecord(const api::StreamCounts& counts);

}  // namespace kobling::server
