; Instructions that must end their process, each a row of fault_table (struct fault in exceptions.c):
; text, function, address of the instruction that the report must name (0: any), set of exception
; vectors, error code (ANY: whatever), faulting address.

bits 64
default rel

%define ANY -1

PF      equ 1 << 14
GP      equ 1 << 13
STACK   equ 1 << 12

; Error codes of page faults (Intel SDM vol. 3, 4.7).
PRESENT equ 1
WRITE   equ 2
USER    equ 4
FETCH   equ 16

KERNEL_TEXT  equ 0xffffffff80000000 ; instance.h, process.h and startup.h have these
KERNEL_STACK equ 0xffffffffa000fff8
KERNEL_APIC  equ 0xffffffffc0000000
DIRECT_MAP   equ 0xffff800001000000
NOTHING      equ 0xffffc00000000000
NON_CANONICAL equ 0x0000800000000000
STARTUP      equ 0x00007ffffffef000

global fault_table, fault_table_end, do_nothing_at_all, null_call_with_stack, flags_after_popf

extern program_rodata

%assign case 0

; FAULT text, vectors, error code, faulting address
%macro FAULT 4
%assign case case + 1
section .rodata
text_ %+ case: db %1, 0
section .rodata.faults
    dq text_ %+ case, fault_ %+ case, at_ %+ case, %2, %3, %4
section .text
fault_ %+ case:
%endmacro

; The instruction at fault, or after a trap the next one.
%macro AT 0
at_ %+ case:
%endmacro

; The report may name any instruction.
%macro ANYWHERE 0
at_ %+ case equ 0
%endmacro

; FORBIDDEN instruction: one that user mode has no right to.
%macro FORBIDDEN 1+
%defstr text %1
FAULT text, GP, 0, 0
    xor eax, eax
    xor edx, edx
    xor ecx, ecx
AT
    %1
%endmacro

section .rodata.faults align=8
fault_table:

FAULT "division by zero", 1 << 0, 0, 0
    xor edx, edx
    xor ecx, ecx
AT
    div ecx

FAULT "division overflow", 1 << 0, 0, 0
    mov edx, 1
    mov ecx, 1
AT
    div ecx

FAULT "single step", 1 << 1, 0, 0
    pushfq
    or qword [rsp], 0x100
    popfq
    nop
AT
    nop

FAULT "breakpoint", 1 << 3, 0, 0
    int3
AT
    nop

FAULT "invalid opcode", 1 << 6, 0, 0
AT
    ud2

FORBIDDEN hlt
FORBIDDEN cli
FORBIDDEN sti
FORBIDDEN in al, dx
FORBIDDEN in eax, dx
FORBIDDEN out dx, al
FORBIDDEN out 0x80, al
FORBIDDEN mov rax, cr0
FORBIDDEN mov rax, cr2
FORBIDDEN mov rax, cr3
FORBIDDEN mov cr0, rax
FORBIDDEN mov cr3, rax
FORBIDDEN mov cr4, rax
FORBIDDEN mov cr8, rax
FORBIDDEN mov rax, dr7
FORBIDDEN mov dr7, rax
FORBIDDEN rdmsr
FORBIDDEN wrmsr
FORBIDDEN rdpmc
FORBIDDEN lgdt [rsp]
FORBIDDEN lidt [rsp]
FORBIDDEN lldt ax
FORBIDDEN ltr ax
FORBIDDEN lmsw ax
FORBIDDEN clts
FORBIDDEN invlpg [rsp]
FORBIDDEN wbinvd
FORBIDDEN invd
FORBIDDEN xsetbv
FORBIDDEN swapgs
FORBIDDEN o64 sysret

; UMIP
FORBIDDEN sgdt [rsp - 16]
FORBIDDEN sidt [rsp - 16]
FORBIDDEN sldt ax
FORBIDDEN str ax
FORBIDDEN smsw ax

FAULT "sysenter", GP | 1 << 6, 0, 0
AT
    sysenter

; Gates are closed to user mode. The error code is the vector times 8, plus 2 (Intel SDM vol. 3,
; 6.13); QEMU 7.2 makes it 16.
FAULT "int 2 (NMI)", GP, ANY, 0
AT
    int 2
FAULT "int 8 (double fault)", GP, ANY, 0
AT
    int 8
FAULT "int 14 (page fault)", GP, ANY, 0
AT
    int 14
FAULT "int 0x30 (a device's)", GP, ANY, 0
AT
    int 0x30
FAULT "int 0x80", GP, ANY, 0
AT
    int 0x80
FAULT "int 0xf0 (the timer's)", GP, ANY, 0
AT
    int 0xf0

FAULT "kernel selector in ds", GP, 0x10, 0
    mov eax, 0x10
AT
    mov ds, ax
FAULT "selector beyond the table", GP, 0xff8, 0
    mov eax, 0xffb
AT
    mov es, ax
; QEMU 7.2 reads the stack as the kernel would, against which there is SMAP.
FAULT "far return to the kernel", GP | PF, ANY, ANY
    push 0x08
    lea rax, [do_nothing_at_all]
    push rax
AT
    o64 retf
FAULT "iret to the kernel", GP | PF, ANY, ANY
    mov rax, rsp
    push 0x10
    push rax
    push 2
    push 0x08
    push rax
AT
    iretq

FAULT "load from a non-canonical address", GP, 0, 0
    mov rax, NON_CANONICAL
AT
    mov al, [rax]
FAULT "push to a non-canonical stack", GP | STACK, 0, 0
    mov rsp, NON_CANONICAL + 16
AT
    push rax
FAULT "jump to a non-canonical address", GP, 0, 0
    ANYWHERE
    mov rax, NON_CANONICAL
    jmp rax

FAULT "x87 division by zero", 1 << 16, 0, 0
    fninit
    push 0x033b                     ; zero divide not masked
    fldcw [rsp]
    fld1
    fldz
    fdivp
AT
    fwait

FAULT "load from null", PF, USER, 0
    xor eax, eax
AT
    mov al, [rax]
FAULT "store to null", PF, USER | WRITE, 8
    mov eax, 8
AT
    mov [rax], al
FAULT "jump to null", PF, USER | FETCH, 0
    ANYWHERE
    xor eax, eax
    jmp rax
FAULT "load from the kernel's text", PF, USER | PRESENT, KERNEL_TEXT
    mov rax, KERNEL_TEXT
AT
    mov al, [rax]
FAULT "store to the kernel's text", PF, USER | WRITE | PRESENT, KERNEL_TEXT
    mov rax, KERNEL_TEXT
AT
    mov [rax], al
FAULT "jump to the kernel's text", PF, USER | FETCH | PRESENT, KERNEL_TEXT
    ANYWHERE
    mov rax, KERNEL_TEXT
    jmp rax
FAULT "load from the kernel's stack", PF, USER | PRESENT, KERNEL_STACK
    mov rax, KERNEL_STACK
AT
    mov al, [rax]
FAULT "store to the kernel's stack", PF, USER | WRITE | PRESENT, KERNEL_STACK
    mov rax, KERNEL_STACK
AT
    mov [rax], al
FAULT "load from the direct map", PF, USER | PRESENT, DIRECT_MAP
    mov rax, DIRECT_MAP
AT
    mov al, [rax]
FAULT "store to a device", PF, USER | WRITE | PRESENT, KERNEL_APIC
    mov rax, KERNEL_APIC
AT
    mov [rax], al
FAULT "load from nothing of the kernel's", PF, USER, NOTHING
    mov rax, NOTHING
AT
    mov al, [rax]
FAULT "store to own text", PF, USER | WRITE | PRESENT, do_nothing_at_all
    lea rax, [do_nothing_at_all]
AT
    mov [rax], al
FAULT "store to own constants", PF, USER | WRITE | PRESENT, program_rodata
    lea rax, [program_rodata]
AT
    mov [rax], al
FAULT "store to the startup page", PF, USER | WRITE | PRESENT, STARTUP
    mov rax, STARTUP
AT
    mov [rax], al
FAULT "jump to own variables", PF, USER | FETCH | PRESENT, variable
    ANYWHERE
    lea rax, [variable]
    jmp rax
FAULT "jump to own constants", PF, USER | FETCH | PRESENT, program_rodata
    ANYWHERE
    lea rax, [program_rodata]
    jmp rax
FAULT "load from between stack and startup page", PF, USER, STARTUP - 8
    mov rax, STARTUP - 8
AT
    mov rax, [rax]
FAULT "load from behind the last user page", PF | GP, ANY, STARTUP + 0x1000
    mov rax, STARTUP + 0x1000
AT
    mov al, [rax]

section .rodata.faults
fault_table_end:

section .data
variable: dq 0xc3

section .text
do_nothing_at_all:
    ret

; uint64_t null_call_with_stack(uint64_t rsp): makes a null kernel call with that stack pointer, and
; returns what it is afterwards.
null_call_with_stack:
    push rbx
    mov rbx, rsp
    mov rsp, rdi
    mov eax, 3                      ; IPC_SENDREC
    mov rdi, -2                     ; ENDPOINT_KERNEL
    xor esi, esi                    ; KCALL_NULL
    syscall
    mov rax, rsp
    mov rsp, rbx
    pop rbx
    ret

; uint64_t flags_after_popf(uint64_t set, uint64_t clear): RFLAGS after trying to change them.
flags_after_popf:
    pushfq
    or [rsp], rdi
    not rsi
    and [rsp], rsi
    popfq
    pushfq
    pop rax
    push 0x202
    popfq
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
