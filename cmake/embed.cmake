# Reference data linked into a library: mc_embed(target file.csv) makes `const char mc_data_file[]`,
# NUL-terminated, and `const size_t mc_data_file_len`.
enable_language(ASM)

function(mc_embed_as target name file)
    get_filename_component(path ${file} ABSOLUTE)
    set(source ${CMAKE_BINARY_DIR}/embed/${target}_${name}.S)
    # the percent form of the section type is what every assembler takes, and no @ for CMake to eat
    set(text "    .section .rodata
    .global mc_data_${name}
    .global mc_data_${name}_len
mc_data_${name}:
    .incbin \"${path}\"
1:
    .byte 0
    .balign 8
mc_data_${name}_len:
    .quad 1b - mc_data_${name}
    .section .note.GNU-stack,\"\",%progbits
")
    file(GENERATE OUTPUT ${source} CONTENT "${text}")
    set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${path})
    target_sources(${target} PRIVATE ${source})
endfunction()

function(mc_embed target)
    foreach(file ${ARGN})
        get_filename_component(name ${file} NAME_WE)
        mc_embed_as(${target} ${name} ${file})
    endforeach()
endfunction()

# A folder's files and a table of them by their names below it: mc_embed_folder(target list folder a.css b/c.js).
function(mc_embed_folder target list folder)
    set(externs)
    set(rows)
    foreach(file ${ARGN})
        string(MAKE_C_IDENTIFIER "${list}_${file}" name)
        mc_embed_as(${target} ${name} ${folder}/${file})
        string(APPEND externs "extern const char mc_data_${name}[];\nextern const size_t mc_data_${name}_len;\n")
        string(APPEND rows "    {\"${file}\", mc_data_${name}, &mc_data_${name}_len},\n")
    endforeach()
    mc_embed_list(${target} ${list} "${externs}" "${rows}")
endfunction()

# What was embedded, by name: mc_embed_table(target list file.json) makes `const struct mc_embedded
# list[]` (common/file.h) and `const size_t list_len`.
function(mc_embed_table target list)
    set(externs)
    set(rows)
    foreach(file ${ARGN})
        get_filename_component(name ${file} NAME_WE)
        string(APPEND externs "extern const char mc_data_${name}[];\nextern const size_t mc_data_${name}_len;\n")
        string(APPEND rows "    {\"${name}\", mc_data_${name}, &mc_data_${name}_len},\n")
    endforeach()
    mc_embed_list(${target} ${list} "${externs}" "${rows}")
endfunction()

function(mc_embed_list target list externs rows)
    set(source ${CMAKE_BINARY_DIR}/embed/${target}_${list}.c)
    file(GENERATE OUTPUT ${source} CONTENT "#include \"common/file.h\"
${externs}extern const struct mc_embedded ${list}[];
extern const size_t ${list}_len;
const struct mc_embedded ${list}[] = {
${rows}};
const size_t ${list}_len = sizeof ${list} / sizeof ${list}[0];
")
    target_sources(${target} PRIVATE ${source})
endfunction()
