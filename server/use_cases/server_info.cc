#include "server/use_cases/server_info.h"

#include <string>
#include <utility>

#include "server/core/convert.h"

namespace kobling::server {

absl::StatusOr<api::ServerInfo> ServerInfo::Get(const Call& call, const api::GetServerInfoRequest& /*request*/) const {
  api::ServerInfo info;
  info.set_version(KOBLING_VERSION);
  info.set_environment(std::string(NameOf(core_.config.environment)));
  info.set_controller(core_.config.controller);
  SetTime(absl::ToUnixMicros(core_.clock.Now()), *info.mutable_time());
  info.set_caller_role(std::string(domain::NameOf(call.caller.role)));
  info.set_caller_id(call.caller.id.text());
  info.set_signing_key_fingerprint(core_.keys.signer.public_key().Fingerprint());
  info.set_signing_public_key(core_.keys.signer.public_key().line());
  const domain::AcceptedSeries& series = core_.config.accepted_series;
  for (const auto& [accepted, name] :
       {std::pair(series.unprefixed, "fodselsnummer and D-number"), std::pair(series.fh, "FH-number"),
        std::pair(series.synthetic80, "synthetic +80"), std::pair(series.nhn65, "synthetic +65"),
        std::pair(series.nav40, "synthetic +40"), std::pair(series.npid20, "NPID +20"),
        std::pair(series.npid60, "synthetic NPID +60")}) {
    if (accepted) {
      info.add_accepted_series(name);
    }
  }
  return info;
}

}  // namespace kobling::server
