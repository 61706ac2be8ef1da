# Messages: proto/*.proto become one library; a room's private state.proto becomes one of its own.
find_program(PROTOC_C protoc-c REQUIRED)
add_custom_target(protos)

function(mc_proto_library target dir out)
    file(MAKE_DIRECTORY ${out})
    file(GLOB protos CONFIGURE_DEPENDS ${dir}/*.proto)
    set(sources)
    foreach(proto ${protos})
        get_filename_component(name ${proto} NAME_WE)
        add_custom_command(OUTPUT ${out}/${name}.pb-c.c ${out}/${name}.pb-c.h
            COMMAND ${PROTOC_C} --c_out=${out} -I ${dir} -I /usr/include ${proto}
            DEPENDS ${protos} VERBATIM)
        list(APPEND sources ${out}/${name}.pb-c.c)
    endforeach()
    add_library(${target} STATIC ${sources})
    add_dependencies(protos ${target})
    target_include_directories(${target} SYSTEM PUBLIC ${out})
    target_link_libraries(${target} PUBLIC PkgConfig::PROTOBUF_C PRIVATE mc_harden)
    set_target_properties(${target} PROPERTIES C_CLANG_TIDY "")
endfunction()
