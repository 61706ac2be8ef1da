/*
 * dossier: what people file with the agencies, and what becomes of it.
 *
 * The catalogue says which procedure can be filed where, until when it must be dealt with and
 * what it costs. A draft belongs to the account that saved it and has an internal number; sent,
 * it is seen by the officers of its unit and of the units above; accepted, it has an official
 * code <agency>-<yyMMdd>-<nnnn>, a due time in working time, and perhaps a fee to pay. Every
 * further step is a row of the state table (stages.c, printed as STATES.md), refused to all others,
 * and is kept in the dossier's history; what each write changed is kept beside it (change.c), so
 * that it can be had as it was. Two officers cannot write from the same screen: each names the
 * version that he saw.
 *
 * What is brought to a desk or comes by post begins as received, for the account of the person if
 * he has one; opened later, the account takes it over. A desk may receive for another unit.
 *
 * A result is handed over at the desk, electronically, or by post: then the post office is asked by
 * jobs, and tells when the dossier is returned (parcel.c, post.c).
 *
 * Papers are kept once, under the hash of their content. Abstracts, forms, reasons and file names
 * are sealed; the owner's name comes, sealed, from identity's journal, and so does that an account
 * was merged into another, which owns the dossiers of both from then on. Payment's journal says
 * when a dossier is paid for.
 */
#include <string.h>

#include "common/csv.h"

#include "codelist.h"
#include "indicators.h"
#include "rounds.h"

/* clang-format off */
#define DOSSIER_WHO  (MC_CITIZEN | MC_OFFICER)
#define DOSSIER_SYNC (MC_ROOM | MC_OPERATOR)
#define DOSSIER_KEEPERS (MC_OFFICER | MC_OPERATOR)

/*    method            handler                    request                           reply                            mode             who          right */
#define DOSSIER_ROUTES(X)                                                                                                                                 \
    X(SearchProcedures, dossier_search_procedures, Dossier__SearchProceduresRequest, Dossier__SearchProceduresReply,  MC_READ,         MC_ANYONE,   NULL) \
    X(GetProcedure,     dossier_get_procedure,     Dossier__GetProcedureRequest,     Dossier__Procedure,              MC_READ,         MC_ANYONE,   NULL) \
    X(SaveDraft,        dossier_save_draft,        Dossier__SaveDraftRequest,        Dossier__DossierReply,           MC_WRITE,        DOSSIER_WHO, NULL, NULL, MC_FORM_BODY_MAX) \
    X(ListForms,        dossier_list_forms,        Dossier__ListFormsRequest,        Dossier__ListFormsReply,         MC_READ,         MC_ANYONE,   NULL) \
    X(GetForm,          dossier_get_form,          Dossier__GetFormRequest,          Dossier__Form,                   MC_READ,         MC_ANYONE,   NULL, NULL, MC_FORM_BODY_MAX) \
    X(ListDocuments,    dossier_list_documents,    Dossier__ListDocumentsRequest,    Dossier__ListDocumentsReply,     MC_READ,         DOSSIER_WHO, NULL) \
    X(GetDocument,      dossier_get_document,      Dossier__GetDocumentRequest,      Dossier__GetDocumentReply,       MC_WRITE_FRESH,  DOSSIER_WHO, NULL, NULL, MC_UPLOAD_MAX) \
    X(MakeDocument,     dossier_make_document,     Dossier__MakeDocumentRequest,     Dossier__Document,               MC_WRITE,        MC_OFFICER,  NULL) \
    X(MakeRegister,     dossier_make_register,     Dossier__MakeRegisterRequest,     Dossier__Document,               MC_WRITE,        MC_OFFICER,  NULL) \
    X(CheckForm,        dossier_check_form,        Dossier__CheckFormRequest,        Dossier__CheckFormReply,         MC_READ,         MC_ANYONE,   NULL, NULL, MC_FORM_BODY_MAX) \
    X(PreviewForm,      dossier_preview_form,      Dossier__PreviewFormRequest,      Dossier__PreviewFormReply,       MC_READ,         MC_OFFICER,  DOSSIER_RIGHT_FORMS, NULL, MC_FORM_BODY_MAX) \
    X(PublishForm,      dossier_publish_form,      Dossier__PublishFormRequest,      Dossier__FormHead,               MC_WRITE,        MC_OFFICER,  DOSSIER_RIGHT_FORMS, NULL, MC_FORM_BODY_MAX) \
    X(ListPlaces,       dossier_list_places,       Dossier__ListPlacesRequest,       Dossier__ListPlacesReply,        MC_READ,         MC_ANYONE,   NULL) \
    X(Attach,           dossier_attach,            Dossier__AttachRequest,           Dossier__AttachReply,            MC_WRITE,        DOSSIER_WHO, NULL, NULL, MC_UPLOAD_MAX) \
    X(Submit,           dossier_submit,            Dossier__SubmitRequest,           Dossier__DossierReply,           MC_WRITE,        DOSSIER_WHO, NULL) \
    X(Accept,           dossier_accept,            Dossier__AcceptRequest,           Dossier__DossierReply,           MC_WRITE,        MC_OFFICER,  DOSSIER_RIGHT_ACCEPT) \
    X(Advance,          dossier_advance,           Dossier__AdvanceRequest,          Dossier__DossierReply,           MC_WRITE,        DOSSIER_WHO, NULL) \
    X(Get,              dossier_get,               Dossier__GetRequest,              Dossier__DossierView,            MC_READ,         DOSSIER_WHO, NULL) \
    X(ListMine,         dossier_list_mine,         Dossier__ListMineRequest,         Dossier__ListReply,              MC_READ,         DOSSIER_WHO, NULL) \
    X(ListUnit,         dossier_list_unit,         Dossier__ListUnitRequest,         Dossier__ListReply,              MC_READ,         MC_OFFICER,  NULL) \
    X(ReadAttachment,   dossier_read_attachment,   Dossier__ReadAttachmentRequest,   Dossier__ReadAttachmentReply,    MC_WRITE_FRESH,  DOSSIER_WHO, NULL, NULL, MC_UPLOAD_MAX) \
    X(StartUpload,      dossier_start_upload,      Dossier__StartUploadRequest,      Dossier__UploadReply,            MC_WRITE,        DOSSIER_WHO, NULL) \
    X(UploadPart,       dossier_upload_part,       Dossier__UploadPartRequest,       Dossier__UploadReply,            MC_WRITE,        DOSSIER_WHO, NULL, NULL, DOSSIER_PART_BODY_MAX) \
    X(FinishUpload,     dossier_finish_upload,     Dossier__FinishUploadRequest,     Dossier__UploadReply,            MC_WRITE,        DOSSIER_WHO, NULL) \
    X(GetUpload,        dossier_get_upload,        Dossier__GetUploadRequest,        Dossier__UploadReply,            MC_READ,         DOSSIER_WHO, NULL) \
    X(Detach,           dossier_detach,            Dossier__DetachRequest,           Dossier__DetachReply,            MC_WRITE,        DOSSIER_WHO, NULL) \
    X(CreateCertifiedCopy, dossier_create_certified_copy, Dossier__CreateCertifiedCopyRequest, Dossier__CertifiedCopy,   MC_WRITE_SECRET, MC_OFFICER,  DOSSIER_RIGHT_COPY_CREATE) \
    X(SignCertifiedCopy, dossier_sign_certified_copy, Dossier__CertifiedCopyRequest,  Dossier__CertifiedCopy,          MC_WRITE_SECRET, MC_OFFICER,  DOSSIER_RIGHT_COPY_SIGN) \
    X(SealCertifiedCopy, dossier_seal_certified_copy, Dossier__CertifiedCopyRequest,  Dossier__CertifiedCopy,          MC_WRITE_SECRET, MC_OFFICER,  DOSSIER_RIGHT_COPY_SEAL) \
    X(ListCertifiedCopies, dossier_list_certified_copies, Dossier__ListCertifiedCopiesRequest, Dossier__ListCertifiedCopiesReply, MC_READ, DOSSIER_WHO, NULL) \
    X(ReportCertifiedCopies, dossier_report_certified_copies, Dossier__ReportCertifiedCopiesRequest, Dossier__ReportCertifiedCopiesReply, MC_READ, MC_OFFICER, DOSSIER_RIGHT_COPY_REPORT) \
    X(VerifyCertifiedCopy, dossier_verify_certified_copy, Dossier__VerifyCertifiedCopyRequest, Dossier__VerifyCertifiedCopyReply, MC_READ, MC_ANYONE, NULL) \
    X(LeaseScans,       dossier_lease_scans,       Motcua__LeaseScansRequest,        Motcua__LeaseScansReply,         MC_WRITE_FRESH,  MC_ROOM,     NULL) \
    X(ReadScan,         dossier_read_scan,         Motcua__ReadScanRequest,          Motcua__ReadScanReply,           MC_READ,         MC_ROOM,     NULL) \
    X(AckScan,          dossier_ack_scan,          Motcua__AckScanRequest,           Motcua__AckScanReply,            MC_WRITE,        MC_ROOM,     NULL) \
    X(DepositPaper,     dossier_deposit_paper,     Dossier__DepositPaperRequest,     Dossier__DepositPaperReply,      MC_WRITE_SECRET, MC_OFFICER,  NULL, NULL, MC_UPLOAD_MAX) \
    X(ReusePaper,       dossier_reuse_paper,       Dossier__ReusePaperRequest,       Dossier__AttachReply,            MC_WRITE,        DOSSIER_WHO, NULL) \
    X(ListStoredPapers, dossier_list_stored_papers, Dossier__ListStoredPapersRequest, Dossier__ListStoredPapersReply, MC_WRITE_FRESH,  DOSSIER_WHO, NULL) \
    X(ReadStoredPaper,  dossier_read_stored_paper, Dossier__ReadStoredPaperRequest,  Dossier__ReadAttachmentReply,    MC_WRITE_FRESH,  DOSSIER_WHO, NULL, NULL, MC_UPLOAD_MAX) \
    X(ListPaperUses,    dossier_list_paper_uses,   Dossier__ListPaperUsesRequest,    Dossier__ListPaperUsesReply,     MC_READ,         DOSSIER_WHO, NULL) \
    X(EndStoredPaper,   dossier_end_stored_paper,  Dossier__EndStoredPaperRequest,   Dossier__StoredPaper,            MC_WRITE_SECRET, MC_OFFICER,  DOSSIER_RIGHT_APPROVE) \
    X(Assign,           dossier_assign,            Dossier__AssignRequest,           Dossier__DossierReply,            MC_WRITE,        MC_OFFICER,  NULL) \
    X(AddNote,          dossier_add_note,          Dossier__AddNoteRequest,          Dossier__DossierReply,            MC_WRITE,        MC_OFFICER,  NULL) \
    X(ListNotes,        dossier_list_notes,        Dossier__ListNotesRequest,        Dossier__ListNotesReply,          MC_READ,         DOSSIER_WHO, NULL) \
    X(SetSubState,      dossier_set_sub_state,     Dossier__SetSubStateRequest,      Dossier__DossierReply,            MC_WRITE,        MC_OFFICER,  NULL) \
    X(ListChanges,      dossier_list_changes,      Dossier__ListChangesRequest,      Dossier__ListChangesReply,        MC_READ,         DOSSIER_WHO, NULL) \
    X(Copy,             dossier_copy,              Dossier__CopyRequest,             Dossier__DossierReply,            MC_WRITE,        DOSSIER_WHO, NULL) \
    X(ReceiveAtDesk,    dossier_receive_at_desk,   Dossier__ReceiveAtDeskRequest,    Dossier__DossierReply,            MC_WRITE,        MC_OFFICER,  DOSSIER_RIGHT_ACCEPT, NULL, MC_FORM_BODY_MAX) \
    X(ChooseReturn,     dossier_choose_return,     Dossier__ChooseReturnRequest,     Dossier__DossierReply,            MC_WRITE,        DOSSIER_WHO, NULL) \
    X(CancelParcel,     dossier_cancel_parcel,     Dossier__CancelParcelRequest,     Dossier__DossierReply,            MC_WRITE,        DOSSIER_WHO, NULL) \
    X(ListBundles,      dossier_list_bundles,      Dossier__ListBundlesRequest,      Dossier__ListBundlesReply,        MC_READ,         MC_ANYONE,   NULL) \
    X(StartLinked,      dossier_start_linked,      Dossier__StartLinkedRequest,      Dossier__LinkedView,              MC_WRITE_SECRET, DOSSIER_WHO, NULL, NULL, MC_FORM_BODY_MAX) \
    X(SubmitLinked,     dossier_submit_linked,     Dossier__SubmitLinkedRequest,     Dossier__LinkedView,              MC_WRITE_SECRET, DOSSIER_WHO, NULL) \
    X(GetLinked,        dossier_get_linked,        Dossier__GetLinkedRequest,        Dossier__LinkedView,              MC_READ,         DOSSIER_WHO, NULL) \
    X(ListUnsynced,     dossier_list_unsynced,     Dossier__ListUnsyncedRequest,     Dossier__ListUnsyncedReply,       MC_READ,         DOSSIER_SYNC, NULL) \
    X(ReportSync,       dossier_report_sync,       Dossier__ReportSyncRequest,       Dossier__ReportSyncReply,         MC_WRITE,        DOSSIER_SYNC, NULL) \
    X(ReadForPartner,   dossier_read_for_partner,  Dossier__ReadForPartnerRequest,   Dossier__DossierView,             MC_WRITE_FRESH,  MC_ROOM,     NULL) \
    X(ReceiveProgress,  dossier_receive_progress,  Dossier__ReceiveProgressRequest,  Dossier__ReceiveProgressReply,    MC_WRITE_FRESH,  MC_ROOM,     NULL) \
    X(LookUpForPartner, dossier_look_up_for_partner, Dossier__LookUpForPartnerRequest, Dossier__PartnerDossier,        MC_WRITE_FRESH,  MC_ROOM,     NULL) \
    X(ReadFileForPartner, dossier_read_file_for_partner, Dossier__ReadFileForPartnerRequest, Dossier__ReadAttachmentReply,   MC_WRITE_FRESH,  MC_ROOM,     NULL) \
    X(ListWork,         dossier_list_work,         Dossier__ListWorkRequest,         Dossier__ListWorkReply,          MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(CountWork,        dossier_count_work,        Dossier__CountWorkRequest,        Dossier__CountWorkReply,         MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(Forecast,         dossier_forecast,          Dossier__ForecastRequest,         Dossier__ForecastReply,          MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(Apologise,        dossier_apologise,         Dossier__ApologiseRequest,        Dossier__DossierReply,           MC_WRITE,        MC_OFFICER,  NULL) \
    X(SetCalendar,      dossier_set_calendar,      Dossier__SetCalendarRequest,      Dossier__CalendarReply,          MC_WRITE,        MC_OFFICER | MC_OPERATOR, DOSSIER_RIGHT_CALENDAR) \
    X(GetCalendar,      dossier_get_calendar,      Dossier__GetCalendarRequest,      Dossier__CalendarReply,          MC_READ,         MC_ANYONE,   NULL) \
    X(ShowIndicators,   dossier_show_indicators,   Dossier__ShowIndicatorsRequest,   Dossier__ShowIndicatorsReply,    MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(CompareIndicator, dossier_compare_indicator, Dossier__CompareIndicatorRequest, Dossier__CompareIndicatorReply,  MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(ListCounted,      dossier_list_counted,      Dossier__ListCountedRequest,      Dossier__ListCountedReply,       MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(ExportIndicators, dossier_export_indicators, Dossier__ExportIndicatorsRequest, Dossier__ExportIndicatorsReply,  MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(CheckIndicators,  dossier_check_indicators,  Dossier__CheckIndicatorsRequest,  Dossier__CheckIndicatorsReply,   MC_READ,         MC_OPERATOR, NULL) \
    X(SaveRound,        dossier_save_round,        Dossier__SaveRoundRequest,        Dossier__Round,                  MC_WRITE,        MC_OFFICER,  DOSSIER_RIGHT_MONITOR) \
    X(CloseRound,       dossier_close_round,       Dossier__CloseRoundRequest,       Dossier__Round,                  MC_WRITE,        MC_OFFICER,  DOSSIER_RIGHT_MONITOR) \
    X(ListRounds,       dossier_list_rounds,       Dossier__ListRoundsRequest,       Dossier__ListRoundsReply,        MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(GetRound,         dossier_get_round,         Dossier__GetRoundRequest,         Dossier__GetRoundReply,          MC_READ,         MC_OFFICER | MC_OPERATOR, NULL) \
    X(ConfirmRound,     dossier_confirm_round,     Dossier__ConfirmRoundRequest,     Dossier__Round,                  MC_WRITE,        MC_OFFICER,  DOSSIER_RIGHT_APPROVE) \
    X(ExportRound,      dossier_export_round,      Dossier__ExportRoundRequest,      Dossier__ExportIndicatorsReply,  MC_READ,         MC_OFFICER | MC_OPERATOR, NULL, NULL, MC_UPLOAD_MAX) \
    X(ListStages,       dossier_list_stages,       Dossier__ListStagesRequest,       Dossier__ListStagesReply,         MC_READ,         MC_ANYONE,   NULL) \
    X(ListVersions,    dossier_list_versions,     Dossier__ListVersionsRequest,     Dossier__ListVersionsReply,      MC_READ,         DOSSIER_KEEPERS, NULL) \
    X(StartImport,     dossier_start_import,      Dossier__StartImportRequest,      Dossier__Import,                 MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(AddImportRows,   dossier_add_import_rows,   Dossier__AddImportRowsRequest,    Dossier__Import,                 MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE, NULL, MC_UPLOAD_MAX) \
    X(PreviewImport,   dossier_preview_import,    Dossier__PreviewImportRequest,    Dossier__PreviewImportReply,     MC_READ,         DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(ApplyImport,     dossier_apply_import,      Dossier__ApplyImportRequest,      Dossier__Import,                 MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(ResumeImport,    dossier_resume_import,     Dossier__ResumeImportRequest,     Dossier__Import,                 MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(CancelImport,    dossier_cancel_import,     Dossier__CancelImportRequest,     Dossier__Import,                 MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(ListImports,     dossier_list_imports,      Dossier__ListImportsRequest,      Dossier__ListImportsReply,       MC_READ,         DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(PreviewCodes,    dossier_preview_codes,     Dossier__ImportCodesRequest,      Dossier__ImportCodesReply,       MC_READ,         DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(ImportCodes,     dossier_import_codes,      Dossier__ImportCodesRequest,      Dossier__ImportCodesReply,       MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(ListCodes,       dossier_list_codes,        Dossier__ListCodesRequest,        Dossier__ListCodesReply,         MC_READ,         MC_ANYONE, NULL) \
    X(ResolveCode,     dossier_resolve_code,      Dossier__ResolveCodeRequest,      Dossier__ResolveCodeReply,       MC_READ,         MC_ANYONE, NULL) \
    X(ProposeMap,      dossier_propose_map,       Dossier__ProposeMapRequest,       Dossier__MapCounts,              MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(ListMap,         dossier_list_map,          Dossier__ListMapRequest,          Dossier__ListMapReply,           MC_READ,         DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(DecideMap,       dossier_decide_map,        Dossier__DecideMapRequest,        Dossier__Mapping,                MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE) \
    X(SignMap,         dossier_sign_map,          Dossier__SignMapRequest,          Dossier__MapVersion,             MC_WRITE,        DOSSIER_KEEPERS, DOSSIER_RIGHT_CATALOGUE, NULL, MC_UPLOAD_MAX) \
    X(ExportMap,       dossier_export_map,        Dossier__ExportMapRequest,        Dossier__ExportMapReply,         MC_READ,         MC_ANYONE, NULL, NULL, MC_UPLOAD_MAX)

static const char *const tables[] = {
    [DOSSIER_DOSSIERS - MC_TABLE_ROOM] = "dossiers", /* dossier id               -> DossierState__Dossier */
    [DOSSIER_OWNERS   - MC_TABLE_ROOM] = "owners",   /* account id, dossier id   -> nothing */
    [DOSSIER_UNITS    - MC_TABLE_ROOM] = "units",    /* unit, 0, state, dossier id -> nothing; no drafts */
    [DOSSIER_CODES    - MC_TABLE_ROOM] = "codes",    /* official code            -> dossier id */
    [DOSSIER_ACCOUNTS - MC_TABLE_ROOM] = "accounts", /* account id               -> DossierState__Account */
    [DOSSIER_FILES    - MC_TABLE_ROOM] = "files",    /* SHA-256                  -> DossierState__File */
    [DOSSIER_ALIASES  - MC_TABLE_ROOM] = "aliases",  /* merged account id        -> the account it went into */
    [DOSSIER_CHANGES  - MC_TABLE_ROOM] = "changes",  /* dossier id, version      -> DossierState__Change */
    [DOSSIER_NOTES    - MC_TABLE_ROOM] = "notes",    /* dossier id, note id      -> DossierState__Note */
    [DOSSIER_OFFICERS - MC_TABLE_ROOM] = "officers", /* account id, unit         -> DossierState__Officer */
    [DOSSIER_PERSONS  - MC_TABLE_ROOM] = "persons",  /* identity number, blind   -> account id */
    [DOSSIER_APPLICANTS - MC_TABLE_ROOM] = "applicants", /* identity number, blind; dossier id -> nothing */
    [DOSSIER_GROUPS   - MC_TABLE_ROOM] = "groups",   /* group id                 -> DossierState__Group */
    [DOSSIER_UNSYNCED - MC_TABLE_ROOM] = "unsynced", /* since, dossier id        -> nothing (report_sync.c) */
    [DOSSIER_SUPPLEMENTS - MC_TABLE_ROOM] = "supplements", /* answer by, dossier id -> nothing (expire_supplements.c) */
    [DOSSIER_PIECES   - MC_TABLE_ROOM] = "pieces",   /* file id, number          -> that piece, sealed */
    [DOSSIER_UPLOADS  - MC_TABLE_ROOM] = "uploads",  /* account id, upload id    -> DossierState__Upload */
    [DOSSIER_FILE_ENDS - MC_TABLE_ROOM] = "file_ends", /* due time, kind, key    -> nothing (file_ends.c) */
    [DOSSIER_FORMS    - MC_TABLE_ROOM] = "forms",    /* form code, 0, version    -> DossierState__Form */
    [DOSSIER_DOCUMENTS - MC_TABLE_ROOM] = "documents", /* dossier or unit, document id -> DossierState__Document */
    [DOSSIER_FORM_USES - MC_TABLE_ROOM] = "form_uses", /* procedure code         -> the code of its form */
    [DOSSIER_STORED_PAPERS - MC_TABLE_ROOM] = "stored_papers", /* paper id       -> DossierState__StoredPaper */
    [DOSSIER_HOLDERS  - MC_TABLE_ROOM] = "holders",  /* holder, paper id         -> nothing (data_store.c) */
    [DOSSIER_COPIES   - MC_TABLE_ROOM] = "copies",   /* dossier id, copy id      -> DossierState__CertifiedCopy */
    [DOSSIER_COPY_COUNTS - MC_TABLE_ROOM] = "copy_counts", /* unit, 0, yyyyMM    -> DossierState__CopyCount */
    [DOSSIER_PAPER_USES - MC_TABLE_ROOM] = "paper_uses", /* paper id, use id     -> DossierState__PaperUse */
    [DOSSIER_PROCEDURES - MC_TABLE_ROOM] = "procedures", /* code, version    -> ProcedureDetail (upkeep.h) */
    [DOSSIER_IMPORTS  - MC_TABLE_ROOM] = "imports",  /* import id                -> DossierState__Import */
    [DOSSIER_IMPORT_ROWS - MC_TABLE_ROOM] = "import_rows", /* import id, code    -> DossierState__ImportRow */
    [DOSSIER_IMPORT_SET - MC_TABLE_ROOM] = "import_set", /* import id, code      -> ProcedureDetail it brings */
    [DOSSIER_WORK     - MC_TABLE_ROOM] = "work",     /* unit, 0, state, due, dossier id -> nothing; open ones */
    [DOSSIER_ASSIGNED - MC_TABLE_ROOM] = "assigned", /* account id, unit, 0, state, due, dossier id -> nothing; open ones */
    [DOSSIER_ALARMS   - MC_TABLE_ROOM] = "alarms",   /* time, dossier id         -> nothing */
    [DOSSIER_COUNTS   - MC_TABLE_ROOM] = "counts",   /* unit, 0, what            -> how many */
    [DOSSIER_CALENDARS - MC_TABLE_ROOM] = "calendars", /* agency                 -> DossierState__AgencyCalendar */
    [DOSSIER_LIST_CODES - MC_TABLE_ROOM] = "list_codes", /* list, code, day it begins -> DossierState__ListCode (codelist.h) */
    [DOSSIER_LIST_NAMES - MC_TABLE_ROOM] = "list_names", /* list, province, name, code, day -> nothing */
    [DOSSIER_MAPPINGS - MC_TABLE_ROOM] = "mappings", /* lists, code              -> DossierState__Mapping */
    [DOSSIER_MAP_STATES - MC_TABLE_ROOM] = "map_states", /* lists, state, code   -> nothing */
    [DOSSIER_MAP_ROWS - MC_TABLE_ROOM] = "map_rows", /* lists, code, version     -> DossierState__MapRow */
    [DOSSIER_MAP_VERSIONS - MC_TABLE_ROOM] = "map_versions", /* lists, version   -> DossierState__MapVersion */
    [DOSSIER_TALLIES  - MC_TABLE_ROOM] = "tallies",  /* unit or officer, month   -> DossierState__Tally (indicator_sums.c) */
    [DOSSIER_FACTS    - MC_TABLE_ROOM] = "facts",    /* unit or officer, kind, month, dossier id -> what it counts as */
    [DOSSIER_ROUNDS   - MC_TABLE_ROOM] = "rounds",   /* round id                 -> DossierState__Round */
    [DOSSIER_ROUND_REPORTS - MC_TABLE_ROOM] = "round_reports", /* round id, unit -> DossierState__RoundReport */
    [DOSSIER_ROUND_ALARMS - MC_TABLE_ROOM] = "round_alarms", /* time, round id, kind -> the last officer looked at (round_tick.c) */
};

static const char *const lanes[] = {[DOSSIER_LANE_POST] = "post", [DOSSIER_LANE_NATIONAL] = "national", [DOSSIER_LANE_PRINT] = "print", [DOSSIER_LANE_SCAN] = "scan"};

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
#define AT(field) offsetof(struct dossier, field)
static const struct mc_config_key config[] = {
    {"dossier.upload_life",  MC_CONFIG_DURATION, AT(upload_life_ms),  "24h", MINUTE, 7LL * DAY, "How long an upload in parts is kept before it is used."},
    {"dossier.orphan_grace", MC_CONFIG_DURATION, AT(orphan_grace_ms), "24h", 1000, 30LL * DAY, "How long a file is kept that nothing refers to any more."},
    {"dossier.supplement_life", MC_CONFIG_DURATION, AT(supplement_life_ms), "30d", 1000, 366LL * DAY, "How long a citizen has to answer a request for a supplement; then the dossier is stopped, or refused if it was not accepted."},
    {"dossier.scanner",       MC_CONFIG_BOOL, AT(scanner),       "false", 0, 0, "Every new file is given to motcua-scanworker, which asks a virus scanner (clamd)."},
    {"dossier.scan_backoff",  MC_CONFIG_DURATION, AT(scan_backoff_ms), "5s", 10, MINUTE, "The pause before a file is given to the scanner again after a failure; doubles up to 5 minutes."},
    {"dossier.scan_required", MC_CONFIG_BOOL, AT(scan_required), "true",  0, 0, "With a scanner: a dossier goes on only when all its files were found clean. False: also when they are not scanned yet, or cannot be; never when one is infected."},
    {"dossier.post_url",         MC_CONFIG_STRING,   AT(post_url),        "",       0, 512,               "The post office that results are sent by; empty: results are not sent by post."},
    {"dossier.post_customer",    MC_CONFIG_STRING,   AT(post_customer),   "motcua", 1, 64,                "customerCode: our name at the post office."},
    {"dossier.post_token_file",  MC_CONFIG_PATH,     AT(post_token_file), "",       0, 1024,              "What the post office knows us by (Authorization: Bearer), 32 bytes as hex in a file; empty: nothing."},
    {"dossier.post_track",       MC_CONFIG_DURATION, AT(post_track_ms),   "30m",    100, INT64_C(86400000), "How often the post office is asked where a parcel is."},
    {"dossier.allow_plain_http", MC_CONFIG_BOOL,     AT(post_plain),      "false",  0, 0,                 "Allow http:// to the post office: sandbox and tests."},
    {"dossier.national_url", MC_CONFIG_STRING,   AT(national_url),    "",    0, 1024, "The national database of procedures: below it lie /session and /data. Empty: it is not asked."},
    {"dossier.national_username", MC_CONFIG_STRING, AT(national_username), "", 0, 128, "Who we are there."},
    {"dossier.national_password_file", MC_CONFIG_PATH, AT(national_password_file), "", 0, 1024, "The password there, as hex in a file of its own."},
    {"dossier.national_dstcode", MC_CONFIG_STRING, AT(national_dstcode), "VN:GOV:000.00.00.G22:vpcpdvcprovider", 0, 128, "Its code on the exchange axis (DSTCode)."},
    {"dossier.national_unit", MC_CONFIG_STRING, AT(national_unit), "", 0, 36, "Our agency code there (madonvi)."},
    {"dossier.national_ca_file", MC_CONFIG_PATH, AT(national_ca_file), "", 0, 1024, "Certificates (PEM) its own must be signed by; empty: the system's."},
    {"dossier.remind_first",  MC_CONFIG_INT,  AT(remind_hours[0]), "8",    0, 400, "Working hours before a dossier is due that its officer is reminded; 0: never."},
    {"dossier.remind_second", MC_CONFIG_INT,  AT(remind_hours[1]), "2",    0, 400, "The same once more; fewer than dossier.remind_first."},
    {"dossier.check_hours",   MC_CONFIG_INT,  AT(check_hours),     "8",    1, 400, "Working hours in which an officer looks at what was sent."},
    {"dossier.apology_days",  MC_CONFIG_INT,  AT(apology_days),    "30",   1, 365, "Working days by which an apology (form 04) may put off a due time."},
    {"dossier.round_remind",  MC_CONFIG_DURATION, AT(round_remind_ms), "24h", HOUR, 30LL * DAY, "How long before a round's deadline those who have not confirmed are reminded."},
    {"dossier.money_suspends", MC_CONFIG_BOOL, AT(money_suspends), "true", 0, 0,   "The clock stands while the citizen has a financial obligation to meet."},
};
/* clang-format on */

#define DOSSIER_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct dossier, fn, req, rep)
DOSSIER_ROUTES(DOSSIER_CALL)

static const struct mc_route routes[] = {DOSSIER_ROUTES(MC_ROUTE_ROW)};

MC_FOLLOW_CALL(struct dossier, dossier_account_opened, Identity__AccountOpened)
MC_FOLLOW_CALL(struct dossier, dossier_paid, Payment__OrderChanged)
MC_FOLLOW_CALL(struct dossier, dossier_refunded, Payment__OrderChanged)
MC_FOLLOW_CALL(struct dossier, dossier_tax_notice, Payment__TaxNoticeTold)
MC_FOLLOW_CALL(struct dossier, dossier_land_settled, Payment__LandSettled)
MC_FOLLOW_CALL(struct dossier, dossier_accounts_merged, Identity__AccountsMerged)
MC_FOLLOW_CALL(struct dossier, dossier_accounts_unmerged, Identity__AccountsMerged)
MC_FOLLOW_CALL(struct dossier, dossier_rights_granted, Identity__RightsGranted)
MC_FOLLOW_CALL(struct dossier, dossier_units_assigned, Identity__UnitsAssigned)

static const struct mc_follow follows[] = {
    {"identity", "identity.account_opened", &identity__account_opened__descriptor,
     dossier_account_opened_event},
    {"identity", "identity.contact_changed", &identity__account_opened__descriptor,
     dossier_account_opened_event},
    {"identity", "identity.person_changed", &identity__account_opened__descriptor,
     dossier_account_opened_event},
    {"payment", "payment.paid", &payment__order_changed__descriptor, dossier_paid_event},
    {"payment", "payment.refunded", &payment__order_changed__descriptor, dossier_refunded_event},
    {"payment", "payment.tax_notice", &payment__tax_notice_told__descriptor,
     dossier_tax_notice_event},
    {"payment", "payment.land_settled", &payment__land_settled__descriptor,
     dossier_land_settled_event},
    {"identity", "identity.accounts_merged", &identity__accounts_merged__descriptor,
     dossier_accounts_merged_event},
    {"identity", "identity.accounts_unmerged", &identity__accounts_merged__descriptor,
     dossier_accounts_unmerged_event},
    {"identity", "identity.rights_granted", &identity__rights_granted__descriptor,
     dossier_rights_granted_event},
    {"identity", "identity.units_assigned", &identity__units_assigned__descriptor,
     dossier_units_assigned_event},
};

static enum mc_status tick(void *ctx, struct mc_txn *txn)
{
    return dossier_tick(ctx, txn);
}

static const struct mc_effect effects[] = {
    {
        .kind = DOSSIER_POST_ORDER,
        .lane = DOSSIER_LANE_POST,
        .payload = &dossier_state__post_job__descriptor,
        .http = dossier_post_order_http,
        .done = dossier_post_order_done,
        .lease_ms = DOSSIER_POST_LEASE_MS,
        .concurrency = 8,
        .ask_first = true,
    },
    {
        .kind = DOSSIER_POST_TRACK,
        .lane = DOSSIER_LANE_POST,
        .payload = &dossier_state__post_job__descriptor,
        .http = dossier_post_track_http,
        .done = dossier_post_track_done,
        .lease_ms = DOSSIER_POST_LEASE_MS,
        .concurrency = 8,
    },
    {
        .kind = DOSSIER_DOCUMENT_PRINT,
        .lane = DOSSIER_LANE_PRINT,
        .payload = &dossier_state__document_print__descriptor,
        .call = dossier_document_call,
        .done = dossier_document_done,
        .lease_ms = DOSSIER_DOCUMENT_LEASE_MS,
        .concurrency = 4,
    },
    {
        .kind = DOSSIER_POST_CANCEL,
        .lane = DOSSIER_LANE_POST,
        .payload = &dossier_state__post_job__descriptor,
        .http = dossier_post_cancel_http,
        .done = dossier_post_cancel_done,
        .lease_ms = DOSSIER_POST_LEASE_MS,
        .concurrency = 8,
    },
    {
        .kind = "national.call",
        .lane = DOSSIER_LANE_NATIONAL,
        .payload = &dossier_state__national_call__descriptor,
        .http = dossier_national_request,
        .done = dossier_national_done,
        .lease_ms = DOSSIER_NATIONAL_LEASE_MS,
        .concurrency = DOSSIER_NATIONAL_LINES,
    },
};

enum { TABLES_MEMORY = 64 << 20 }; /* address space: only touched pages cost */

#define DATA(name)                                                                                 \
    extern const char mc_data_##name[];                                                            \
    extern const size_t mc_data_##name##_len;
DATA(procedures)
DATA(service_levels)
DATA(units)
DATA(procedure_fees)
DATA(sector_aliases)
DATA(calendar_vn)
DATA(dossier_statuses)
DATA(sub_states)
DATA(indicators)
DATA(linked_procedures)
DATA(file_types)
DATA(result_codes)
#undef DATA
#define DATA(name) ((struct mc_bytes){mc_data_##name, mc_data_##name##_len})

/* The numbers of the table are those of the proto: it is checked that no state lacks a name. */
static enum mc_status load_state_names(struct dossier *dossier)
{
    struct mc_bytes text = DATA(dossier_statuses);
    struct mc_csv csv;
    char name[128];

    mc_csv_open(&csv, text.data, text.len);
    if (!mc_csv_next(&csv))
        return MC_INVALID;
    while (mc_csv_next(&csv)) {
        struct mc_bytes identifier = mc_csv_field(&csv, 1);
        const ProtobufCEnumValue *value = NULL;

        if (mc_csv_copy(&csv, 1, name, sizeof name))
            value = protobuf_c_enum_descriptor_get_value_by_name(&dossier__state__descriptor, name);
        if (identifier.len == 0 || value == NULL || !mc_csv_copy(&csv, 2, name, sizeof name))
            return MC_INVALID;
        dossier->state_names[value->value] = mc_strdup(&dossier->memory, name);
    }
    for (size_t i = DOSSIER__STATE__NEW; i < DOSSIER_STATES_LEN; i++)
        if (dossier->state_names[i] == NULL)
            return MC_INVALID;
    return csv.status;
}

static enum mc_status refuse_boot(struct mc_boot *boot, const char *table)
{
    (void)snprintf(boot->why, sizeof boot->why, "table %s cannot be read", table);
    return MC_INVALID;
}

static enum mc_status load_post(struct dossier *dossier, struct mc_boot *boot)
{
    uint8_t token[DOSSIER_POST_TOKEN_LEN];
    bool safe = strncmp(dossier->post_url, "https://", 8) == 0 ||
                (dossier->post_plain && strncmp(dossier->post_url, "http://", 7) == 0);

    if (dossier->post_url[0] != '\0' && !safe) {
        (void)snprintf(boot->why, sizeof boot->why,
                       "dossier.post_url must be https:// (dossier.allow_plain_http is off)");
        return MC_INVALID;
    }
    if (dossier->post_token_file[0] == '\0')
        return MC_OK;
    enum mc_status status = mc_key_load(dossier->post_token_file, token, sizeof token);
    if (status != MC_OK)
        (void)snprintf(boot->why, sizeof boot->why, "dossier.post_token_file: %s",
                       mc_key_sentence(status));
    else
        (void)mc_hex(dossier->post_token, (struct mc_bytes){token, sizeof token});
    return status;
}

static enum mc_status boot(void *ctx, struct mc_boot *with)
{
    struct dossier *dossier = ctx;
    struct dossier_tables data = {
        .procedures = DATA(procedures),
        .service_levels = DATA(service_levels),
        .units = DATA(units),
        .fees = DATA(procedure_fees),
        .aliases = DATA(sector_aliases),
    };

    dossier->sign_secret = with->sign_secret;
    dossier->boot = with;
    if (load_post(dossier, with) != MC_OK || dossier_national_open(dossier, with) != MC_OK)
        return MC_INVALID;
    if (mc_arena_init(&dossier->memory, TABLES_MEMORY) != MC_OK)
        return refuse_boot(with, "memory");
    if (mc_calendar_load(&dossier->calendar, dossier->calendar_days, DATA(calendar_vn)) != MC_OK)
        return refuse_boot(with, "calendar_vn");
    if (dossier_seed_load(&dossier->seed, &dossier->memory, &data) != MC_OK ||
        dossier_catalogue_build(dossier, NULL, NULL, 0) != MC_OK)
        return refuse_boot(with, "procedures, units or fees");
    if (load_state_names(dossier) != MC_OK)
        return refuse_boot(with, "dossier_statuses");
    if (dossier_sub_states_load(&dossier->sub_states, DATA(sub_states)) != MC_OK)
        return refuse_boot(with, "sub_states");
    dossier->indicators = mc_alloc(&dossier->memory, sizeof *dossier->indicators);
    if (dossier->indicators == NULL ||
        dossier_indicators_load(dossier->indicators, DATA(indicators)) != MC_OK)
        return refuse_boot(with, "indicators");
    if (dossier_bundles_load(&dossier->bundles, DATA(linked_procedures)) != MC_OK)
        return refuse_boot(with, "linked_procedures");
    if (mc_file_types_load(&dossier->file_types, DATA(file_types)) != MC_OK)
        return refuse_boot(with, "file_types");
    if (dossier_forms_load(&dossier->forms, &dossier->memory, with->why, sizeof with->why) != MC_OK)
        return MC_INVALID;
    if (dossier_result_codes_load(&dossier->result_codes, DATA(result_codes)) != MC_OK)
        return refuse_boot(with, "result_codes");
    if (dossier->remind_hours[1] != 0 && dossier->remind_hours[1] >= dossier->remind_hours[0])
        return refuse_boot(with, "dossier.remind_second: not less than dossier.remind_first;");
    return MC_OK;
}

static void shutdown(void *ctx)
{
    struct dossier *dossier = ctx;

    mc_arena_done(&dossier->memory);
    for (size_t i = 0; i < MC_LEN(dossier->catalogue_memory); i++)
        if (dossier->catalogue_memory[i].base != NULL)
            mc_arena_done(&dossier->catalogue_memory[i]);
    mc_wipe(dossier->national_password, sizeof dossier->national_password);
}

/* Jobs of the other lanes wait for a time of their own: late is what they are not. */
static int64_t lane_limit_ms(const void *ctx, unsigned lane)
{
    (void)ctx;
    return lane == DOSSIER_LANE_PRINT  ? 15 * MINUTE
           : lane == DOSSIER_LANE_SCAN ? MC_SCAN_LATE_MS
                                       : 0;
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "uploads", .what = "Uploads that no dossier uses, and files that nothing refers to", .key = "dossier.upload_life", .source = OURS},
    {.rule = "dossiers", .what = "Dossiers, their papers and results", .until = "for ever", .source = OURS},
    {.rule = "imports", .what = "Imports of procedures, with what they changed", .until = "for ever", .source = OURS},
};
/* clang-format on */

const struct mc_room dossier_room = {
    .name = "dossier",
    .proto = &dossier__dossier__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .lane_limit_ms = lane_limit_ms,
    .effects = effects,
    .effects_len = MC_LEN(effects),
    .config = config,
    .config_len = MC_LEN(config),
    .follows = follows,
    .follows_len = MC_LEN(follows),
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct dossier),
    .boot = boot,
    .shutdown = shutdown,
    .tick = tick,
    .tick_ms = 1000,
};
