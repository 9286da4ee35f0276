// The doctor of a machine and a config: see millrace/doctor.h.
#include "millrace/doctor.h"

#include <arrow/compute/initialize.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/log.h"
#include "base/quantity.h"
#include "io/http/url.h"
#include "io/object/store_url.h"
#include "pipeline/config/loader.h"
#include "pipeline/dataset_rows.h"
#include "pipeline/doctor/endpoints.h"
#include "pipeline/doctor/machine_findings.h"
#include "pipeline/places.h"
#include "pipeline/secrets/secret_resolver.h"
#include "source/url_list.h"

namespace millrace {
namespace pipeline {
namespace {

using Cancelled = const std::atomic<bool>*;

std::string OriginOf(const std::string& url) {
  const size_t host = url.find("://");
  if (host == std::string::npos) return url;
  return url.substr(0, std::min(url.find_first_of("/?{", host + 3), url.size())) + "/";
}

// What a run does there first: commits are put if absent, pointers replaced.
Status TryToWrite(io::Store& store, bool commits) {
  std::random_device random;
  const std::string key = ".millrace-doctor-" + std::to_string(random());
  const Status put =
      commits ? store.PutIfAbsent(key, "doctor\n").status() : store.Replace(key, "doctor\n");
  ARROW_RETURN_NOT_OK(WithContext(put, "it cannot be written"));
  return WithContext(store.Remove(key), "`" + key + "` was written and cannot be removed");
}

class ConfigExamination {
 public:
  ConfigExamination(const PipelineConfig& config, const DoctorOptions& options,
                    std::vector<Finding>* findings)
      : config_(config),
        seconds_max_(options.seconds_max),
        write_(options.write),
        findings_(*findings) {}

  void Run() {
    for (const SourceConfig& source : config_.sources) {
      if (source.rest) {
        Api(source);
      } else if (DatasetOf(source) == nullptr) {
        Files(source);
      }
    }
    Place("workspace", config_.workspace, "format_version", /*commits=*/true);
    for (const ExportConfig& e : config_.exports) {
      Place("export `" + e.options.name + "`", e.path, "LATEST.json", /*commits=*/false);
    }
    if (!config_.storage.scratch.empty()) {
      findings_.push_back(FolderFinding("scratch", config_.storage.scratch, 0));
    }
    if (config_.vault) Vault(*config_.vault);
    Secrets();
  }

 private:
  io::StorageOptions Storage(Cancelled cancelled) const {
    io::StorageOptions storage = config_.storage;
    storage.cancelled = cancelled;
    for (io::StorageEntry& entry : storage.entries) entry.retries = 0;
    return storage;
  }

  void Files(const SourceConfig& source) {
    const std::string what = "source `" + source.name + "`";
    const bool url = io::IsUrl(source.path);
    findings_.push_back(Asked(
        url ? "endpoint" : "source", what, seconds_max_,
        [&](Cancelled cancelled) -> Result<std::string> {
          ARROW_ASSIGN_OR_RAISE(
              const source::FileSource found,
              url ? source::ExpandUrl(source.name, source.path, Storage(cancelled), source.format)
                  : source::ExpandFiles(source.name, source.path, config_.base_dir, source.format));
          int64_t bytes = 0;
          for (const io::FileInfo& file : found.files) bytes += file.bytes;
          bytes_ += bytes;
          ARROW_RETURN_NOT_OK(found.store->OpenForRead(found.files.front().key).status());
          return FormatCounted(static_cast<int64_t>(found.files.size()), "file") + ", " +
                 FormatByteSize(bytes);
        }));
  }

  void Place(const std::string& what, const std::string& place, const std::string& key,
             bool commits) {
    if (!io::IsUrl(place)) {
      findings_.push_back(FolderFinding(what, place, bytes_));
      return;
    }
    findings_.push_back(
        Asked("endpoint", what, seconds_max_, [&](Cancelled cancelled) -> Result<std::string> {
          ARROW_ASSIGN_OR_RAISE(const auto store, OpenPlace(place, Storage(cancelled)));
          ARROW_RETURN_NOT_OK(store->Exists(key).status());
          if (!write_) return place + " answers";
          ARROW_RETURN_NOT_OK(TryToWrite(*store, commits));
          return place + " answers, and can be written";
        }));
  }

  void Web(const std::string& what, const WebQuestion& question, bool is_vault) {
    if (!asked_.insert(question.url).second) return;
    findings_.push_back(
        Asked("endpoint", what, seconds_max_, [&](Cancelled cancelled) -> Result<std::string> {
          ARROW_ASSIGN_OR_RAISE(const int status, AskWeb(question, seconds_max_, cancelled));
          const std::string shown = io::http::RedactUrl(question.url);
          if (is_vault && (status == 501 || status == 503)) {
            return MakeError(ErrorCode::kIoFailed,
                             shown + (status == 501 ? " is not initialised" : " is sealed"),
                             "have the Vault unsealed");
          }
          return shown + " answers (status " + std::to_string(status) + ")";
        }));
  }

  void Api(const SourceConfig& source) {
    const RestConduct& conduct = source.rest->conduct;
    const std::string what = "source `" + source.name + "`";
    const auto ask = [&](const std::string& url) {
      Web(what, {OriginOf(url), conduct.ca_file, conduct.allow_private}, false);
    };
    ask(source.rest->source.endpoint.url);
    if (source.rest->source.parent) ask(source.rest->source.parent->endpoint.url);
    if (!conduct.auth.token_url.empty()) ask(conduct.auth.token_url);
  }

  void Vault(const VaultConfig& vault) {
    std::string address = vault.address;
    while (!address.empty() && address.back() == '/') address.pop_back();
    Web("vault", {address + "/v1/sys/health", vault.ca_file, true}, true);
  }

  void Secrets() {
    std::set<std::string> references;
    const auto add = [&](const std::string& reference) {
      if (!reference.empty()) references.insert(reference);
    };
    add(config_.rejects.hash_key);
    for (const SourceConfig& source : config_.sources) {
      if (!source.rest) continue;
      const AuthConfig& auth = source.rest->conduct.auth;
      for (const std::string* r :
           {&auth.token, &auth.key, &auth.user, &auth.password, &auth.client_secret}) {
        add(*r);
      }
    }
    if (config_.vault) {
      for (const std::string* r :
           {&config_.vault->token, &config_.vault->role_id, &config_.vault->secret_id}) {
        add(*r);
      }
    }
    for (const std::string& reference : references) {
      findings_.push_back(
          Asked("secret", reference, seconds_max_, [&](Cancelled cancelled) -> Result<std::string> {
            const auto resolver =
                SecretResolver::Make({config_.base_dir, config_.vault, cancelled});
            ARROW_ASSIGN_OR_RAISE(const std::string value, resolver->Resolve(reference));
            if (!value.empty()) return std::string("has a value");
            return MakeError(ErrorCode::kUnresolvedReference, "its value is empty",
                             "give it a value where the program runs");
          }));
    }
    for (const io::StorageEntry& entry : config_.storage.entries) {
      for (const io::Secret* secret :
           {&entry.access_key_id, &entry.secret_access_key, &entry.session_token,
            &entry.account_key, &entry.sas_token, &entry.bearer_token}) {
        if (!*secret) continue;
        findings_.push_back(Asked("secret", "storage `" + entry.name + "`", seconds_max_,
                                  [&](Cancelled) -> Result<std::string> {
                                    ARROW_RETURN_NOT_OK((*secret)().status());
                                    return std::string("has a value");
                                  }));
      }
    }
  }

  const PipelineConfig& config_;
  const int64_t seconds_max_;
  const bool write_;
  std::vector<Finding>& findings_;
  std::set<std::string> asked_;
  int64_t bytes_ = 0;  // of the input
};

void AddConfigProblems(const Status& status, std::vector<Finding>* findings) {
  for (const Diagnostic& d : DiagnosticsOf(status)) {
    Finding finding{Health::kFail, "config", FormatErrorCode(d.code), Redact(d.message),
                    Redact(d.suggestion)};
    if (d.span.known()) {
      finding.message = "line " + std::to_string(d.span.line) + ": " + finding.message;
    }
    if (finding.remedy.empty()) {
      finding.remedy = "`millrace explain " + FormatErrorCode(d.code) + "` says more";
    }
    findings->push_back(std::move(finding));
  }
}

}  // namespace
}  // namespace pipeline

std::string HealthName(Health health) {
  return health == Health::kOk ? "ok" : health == Health::kWarn ? "warn" : "fail";
}

bool DoctorReport::healthy() const {
  return std::none_of(findings.begin(), findings.end(),
                      [](const Finding& f) { return f.health == Health::kFail; });
}

std::string DoctorReport::ToJson() const {
  nlohmann::ordered_json json = {{"ok", healthy()}, {"findings", nlohmann::ordered_json::array()}};
  for (const Finding& f : findings) {
    nlohmann::ordered_json item = {{"health", HealthName(f.health)},
                                   {"area", f.area},
                                   {"what", f.what},
                                   {"message", f.message}};
    if (!f.remedy.empty()) item["remedy"] = f.remedy;
    json["findings"].push_back(std::move(item));
  }
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

DoctorReport ExamineMachine(const DoctorOptions& options) {
  DoctorReport report;
  const Status compute = arrow::compute::Initialize();
  if (options.config.empty()) {
    report.findings = pipeline::MachineFindings(0);
  } else {
    const auto config = pipeline::LoadConfig(options.config, {options.params, -1, {}, true});
    report.findings = pipeline::MachineFindings(config.ok() ? config->memory_bytes : 0);
    if (config.ok()) {
      report.findings.push_back({Health::kOk, "config", options.config, "can be read", ""});
      pipeline::ConfigExamination(*config, options, &report.findings).Run();
    } else {
      pipeline::AddConfigProblems(config.status(), &report.findings);
    }
  }
  if (!compute.ok()) {
    report.findings.push_back({Health::kFail, "machine", "arrow", compute.message(),
                               "install Millrace anew: its Arrow libraries do not start"});
  }
  return report;
}

}  // namespace millrace
