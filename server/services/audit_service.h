// kobling.v1.AuditService on gRPC: each method is one line of pipeline and use case.
#pragma once

#include "kobling/v1/audit_service.grpc.pb.h"
#include "server/services/pipeline.h"
#include "server/services/stream_watch.h"
#include "server/use_cases/audit.h"
#include "server/use_cases/disclosures.h"
#include "server/use_cases/dossier.h"
#include "server/use_cases/log_proofs.h"

namespace kobling::server {

class AuditService final : public kobling::v1::AuditService::Service {
 public:
  AuditService(const Pipeline& pipeline, const Core& core, const KeyFileFolder& key_files, StreamWatch& watch)
      : pipeline_(pipeline),
        watch_(watch),
        audit_(core),
        disclosures_(core),
        dossiers_(core, key_files),
        proofs_(core) {}

  grpc::Status ListEvents(grpc::ServerContext* context, const kobling::v1::ListEventsRequest* request,
                          grpc::ServerWriter<kobling::v1::ListEventsResponse>* writer) override;
  grpc::Status ListDisclosures(grpc::ServerContext* context, const kobling::v1::ListDisclosuresRequest* request,
                               kobling::v1::ListDisclosuresResponse* response) override;
  grpc::Status GetDossier(grpc::ServerContext* context, const kobling::v1::GetDossierRequest* request,
                          kobling::v1::Dossier* response) override;
  grpc::Status GetCheckpoint(grpc::ServerContext* context, const kobling::v1::GetCheckpointRequest* request,
                             kobling::v1::Checkpoint* response) override;
  grpc::Status GetEventProof(grpc::ServerContext* context, const kobling::v1::GetEventProofRequest* request,
                             kobling::v1::EventProof* response) override;

 private:
  const Pipeline& pipeline_;
  StreamWatch& watch_;
  const Audit audit_;
  const Disclosures disclosures_;
  const Dossiers dossiers_;
  const LogProofs proofs_;
};

}  // namespace kobling::server
